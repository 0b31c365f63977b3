"""Managed folders and notification configurations: kept and shown with their bucket."""

from typing import Any

from localcloud.errors import ApiError
from localcloud.storage.call import Call
from localcloud.storage.model import Bucket, etag
from localcloud.storage.pages import page_of
from localcloud.storage.preconditions import require_metageneration
from localcloud.storage.refusals import invalid
from localcloud.storage.store import Store, the_bucket
from localcloud.storage.tables import Tables

Resource = dict[str, Any]
_FOLDERS = "managedFolders"
_NOTIFICATIONS = "notificationConfigs"
