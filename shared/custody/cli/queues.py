"""What people look up in Pub/Sub: which queues exist, and what lies in the dead-letter ones."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import requests
from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud import pubsub_v1

from custody.domain.topology import TOPICS
from custody.errors import CustodyError, NotFoundError, RefusedError, UnavailableError

CALL_SECONDS = 10.0
EMPTY_AFTER_SECONDS = 2.0
"""A pull that brings nothing for so long found the queue empty."""
MESSAGES_PER_PULL = 1000
_WHO_BURIED = "CloudPubSubDeadLetter"
"""What Pub/Sub adds to a dead letter begins with this; the original had none of it."""


Page = list[Any]
"""What one pull brings: messages, and how each is acknowledged."""


@contextmanager
def google_errors(what: str) -> Iterator[None]:
    """Lets nothing of the clients' escape."""
    try:
        yield
    except exceptions.NotFound as error:
        raise NotFoundError(f"{what} does not exist: apply Terraform") from error
    except (exceptions.Forbidden, exceptions.Unauthorized) as error:
        raise RefusedError(f"{what}: this identity has no right to it") from error
    except (
        exceptions.GoogleAPICallError,
        exceptions.RetryError,
        requests.RequestException,
    ) as error:
        raise UnavailableError(f"{what}: no answer ({type(error).__name__})") from error
    except GoogleAuthError as error:
        raise UnavailableError(f"{what}: no credentials to be had") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One subscription, and the topic that it is attached to."""

    name: str
    topic: str


class Queues:
    """Topics and subscriptions of one project. To be closed after use."""

    def __init__(self, project: str) -> None:
        self._project = f"projects/{project}"
        with google_errors("Pub/Sub"):
            self._publisher = pubsub_v1.PublisherClient()
            self._subscriber = pubsub_v1.SubscriberClient()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._publisher.stop()
        self._publisher.transport.close()
        self._subscriber.close()

    def topics(self) -> set[str]:
        with google_errors("Pub/Sub"):
            listed = self._publisher.list_topics(
                project=self._project, retry=None, timeout=CALL_SECONDS
            )
            return {topic.name.rpartition("/")[2] for topic in listed}

    def queues(self) -> set[Queue]:
        with google_errors("Pub/Sub"):
            listed = self._subscriber.list_subscriptions(
                project=self._project, retry=None, timeout=CALL_SECONDS
            )
            return {
                Queue(name=one.name.rpartition("/")[2], topic=one.topic.rpartition("/")[2])
                for one in listed
            }

    def count_dead_letters(self) -> dict[str, int]:
        """By topic, how many were given up; all stay where they are."""
        with ThreadPoolExecutor(len(TOPICS)) as pool:
            return dict(zip(TOPICS, pool.map(self._count, TOPICS), strict=True))

    def _count(self, topic: str) -> int:
        pages = list(self._pull_all(topic))
        for page in pages:
            self._release(topic, page)
        return sum(map(len, pages))

    def replay(self, topic: str, count: int) -> int:
        """Sends so many dead letters to their topic again; only then are they taken away."""
        done = 0
        for page in self._pull_all(topic):
            self._replay(topic, page)
            done += len(page)
            if done >= count:
                break
        return done

    def _replay(self, topic: str, page: Page) -> None:
        try:
            with google_errors(f"publishing to {topic}"):
                for sent in [self._publish(topic, one.message) for one in page]:
                    sent.result(timeout=CALL_SECONDS)
        except CustodyError:
            self._release(topic, page)
            raise
        with google_errors(f"the queue {topic}-dead"):
            ack_ids = [one.ack_id for one in page]
            self._subscriber.acknowledge(subscription=self._dead(topic), ack_ids=ack_ids)

    def _publish(self, topic: str, message: Any) -> Any:
        original = {
            name: value
            for name, value in message.attributes.items()
            if not name.startswith(_WHO_BURIED)
        }
        return self._publisher.publish(f"{self._project}/topics/{topic}", message.data, **original)

    def _release(self, topic: str, page: Page) -> None:
        """Shows what was pulled to others again."""
        with google_errors(f"the queue {topic}-dead"):
            self._subscriber.modify_ack_deadline(
                subscription=self._dead(topic),
                ack_ids=[one.ack_id for one in page],
                ack_deadline_seconds=0,
            )

    def _pull_all(self, topic: str) -> Iterator[Page]:
        """Page after page until none comes. What is pulled is hidden until settled."""
        queue = self._dead(topic)
        with google_errors(f"the queue {topic}-dead"):
            # So that a service that does not answer is not taken for an empty queue.
            self._subscriber.get_subscription(subscription=queue, retry=None, timeout=CALL_SECONDS)
        while page := self._pull(queue):
            yield page

    def _pull(self, queue: str) -> Page:
        with google_errors(f"the queue {queue.rpartition('/')[2]}"):
            try:
                answer = self._subscriber.pull(
                    subscription=queue,
                    max_messages=MESSAGES_PER_PULL,
                    retry=None,
                    timeout=EMPTY_AFTER_SECONDS,
                )
            except exceptions.DeadlineExceeded:
                return []
            return list(answer.received_messages)

    def _dead(self, topic: str) -> str:
        return f"{self._project}/subscriptions/{topic}-dead"
