"""Pub/Sub's publishing side, by plain REST: neither gRPC nor a discovery document in a cold start.

Pub/Sub REST reference, projects.topics.publish.
"""

import base64
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from custody.adapters.answers import our_error
from custody.adapters.identity import application_credentials
from custody.domain.events import Event
from custody.errors import PermanentError, RetryableError, UnavailableError
from custody.events import Message, to_message

ROOT = "https://pubsub.googleapis.com"
MESSAGES_PER_CALL = 500
"""Pub/Sub's limit is 1,000 messages and 10 MB a request; 50 file ids make about 3 kB."""
TRIES = 4
TIMEOUT_SECONDS = 30
_SCOPES = ("https://www.googleapis.com/auth/pubsub",)


class PubSub:
    """Publishes events to their topics and returns when the service has confirmed them all."""

    def __init__(self, *, project: str, host: str) -> None:
        self._credentials = AnonymousCredentials() if host else application_credentials(_SCOPES)
        self._topics = f"{f'http://{host}' if host else ROOT}/v1/projects/{project}/topics"
        self._local = threading.local()

    def publish(self, events: Sequence[Event]) -> None:
        by_topic: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for event in events:
            message = to_message(event)
            by_topic[message.topic].append(_wire(message))
        for topic, messages in by_topic.items():
            for start in range(0, len(messages), MESSAGES_PER_CALL):
                self._send(topic, messages[start : start + MESSAGES_PER_CALL])

    def _send(self, topic: str, messages: list[dict[str, Any]]) -> None:
        """Again for a while: what cannot be published now must be published later, never lost."""
        for attempt in range(TRIES):
            try:
                self._post(topic, messages)
            except RetryableError:
                if attempt == TRIES - 1:
                    raise
                time.sleep(0.25 * 2**attempt)
            except PermanentError as error:
                raise UnavailableError(str(error)) from error
            else:
                return

    def _post(self, topic: str, messages: list[dict[str, Any]]) -> None:
        try:
            answer = self._session().post(
                f"{self._topics}/{topic}:publish",
                json={"messages": messages},
                timeout=TIMEOUT_SECONDS,
            )
        except (requests.RequestException, GoogleAuthError) as error:
            raise UnavailableError(f"Pub/Sub did not answer for {topic}") from error
        if answer.status_code != requests.codes.ok:
            raise our_error(answer.status_code, answer.content, f"publishing to {topic}")

    def _session(self) -> AuthorizedSession:
        """One for each thread: sessions are not made to be shared."""
        if not hasattr(self._local, "session"):
            self._local.session = AuthorizedSession(self._credentials)
        session: AuthorizedSession = self._local.session
        return session


def _wire(message: Message) -> dict[str, Any]:
    data = base64.b64encode(message.data).decode()
    return {"data": data, "attributes": message.attributes}
