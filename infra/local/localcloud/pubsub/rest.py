"""The HTTP side: Pub/Sub's REST interface, and what the local cloud adds to it."""

import re
from typing import Any, Final

from google.protobuf import json_format

from localcloud.discovery import Api, Matched
from localcloud.errors import ApiError
from localcloud.pubsub.door import Door
from localcloud.pubsub.methods import Method, fault_id
from localcloud.pubsub.proto import Proto
from localcloud.pubsub.refusal import invalid, unimplemented
from localcloud.wire import Exchange

_API: Final = Api("pubsub", "v1")
