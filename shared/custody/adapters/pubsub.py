"""Pub/Sub's publishing side, by REST: no gRPC in a function's cold start."""

import base64
import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from google.auth.credentials import AnonymousCredentials

from custody.adapters.google_api import GoogleApi, application_credentials, our_errors
from custody.domain.events import Event
from custody.errors import PermanentError, UnavailableError
from custody.events import Message, to_message

MESSAGES_PER_CALL = 500
"""Pub/Sub's limit is 1,000 messages and 10 MB a request; 50 file ids make about 3 kB."""
RETRIES = 3
_SCOPES = ("https://www.googleapis.com/auth/pubsub",)


class PubSub:
    """Publishes events to their topics and returns when the service has confirmed them all."""

    def __init__(self, *, project: str, host: str) -> None:
        credentials = AnonymousCredentials() if host else application_credentials(_SCOPES)
        root = f"http://{host}/" if host else ""
        self._api = GoogleApi("pubsub", "v1", root=root, credentials=credentials)
        self._project = project
        self._local = threading.local()

    def publish(self, events: Sequence[Event]) -> None:
        by_topic: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for event in events:
            message = to_message(event)
            by_topic[message.topic].append(_wire(message))
        for topic, messages in by_topic.items():
            for start in range(0, len(messages), MESSAGES_PER_CALL):
                self._send(topic, messages[start : start + MESSAGES_PER_CALL])

    def _topics(self) -> Any:
        """This thread's resource, made once."""
        if not hasattr(self._local, "topics"):
            self._local.topics = self._api.service().projects().topics()
        return self._local.topics

    def _send(self, topic: str, messages: list[dict[str, Any]]) -> None:
        call = self._topics().publish(
            topic=f"projects/{self._project}/topics/{topic}", body={"messages": messages}
        )
        try:
            with our_errors(f"publishing to {topic}"):
                call.execute(num_retries=RETRIES)
        except PermanentError as error:
            # Never permanent: what cannot be published now must be published later.
            raise UnavailableError(str(error)) from error


def _wire(message: Message) -> dict[str, Any]:
    data = base64.b64encode(message.data).decode()
    return {"data": data, "attributes": message.attributes}
