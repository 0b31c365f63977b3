"""Erases a holding as the functions do, delivery after delivery: LIFE COPY...

What they publish is delivered here by hand: the way between is Pub/Sub's own.
"""

import sys
import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from benchmarks.tasks.capture import life_of
from benchmarks.tasks.telling import tell
from custody.adapters import signing
from custody.adapters.copies import keys, vault
from custody.cloud import Cloud, connect
from custody.domain.erasure import Copy, Erasure, Reason, Scope
from custody.domain.events import DeletionRequested, ErasureStep, Event
from custody.domain.vault import HoldingEpoch
from custody.ports import Publisher
from custody.steps.erase import erase
from custody.steps.request_erasure import request_erasure

LOADED = (keys, signing, vault)
"""Imported before the clock runs, as in an instance that is up."""


class Post:
    """Publishes as ever, and keeps the steps of erasures to be delivered."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._waiting: deque[ErasureStep] = deque()

    def publish(self, events: Sequence[Event]) -> None:
        self._publisher.publish(events)
        self._waiting += (one for one in events if isinstance(one, ErasureStep))

    def next_for(self, copies: Sequence[Copy]) -> ErasureStep | None:
        """The oldest message that is about one of these."""
        step = next((one for one in self._waiting if one.copy in copies), None)
        if step:
            self._waiting.remove(step)
        return step


class Functions:
    """request_erasure and `erase` for every copy, warm in one process."""

    def __init__(self, world: Cloud) -> None:
        self._post = Post(world.publisher)
        self.books = replace(world.books, publisher=self._post)
        self._request = replace(world.request, books=self.books)
        self._erase = replace(world.erase, books=self.books)

    def take_on(self, request: DeletionRequested) -> Erasure:
        return request_erasure(self._request, request)

    def deliver(self, *copies: Copy, at_most: int | None = None) -> int:
        """What waits for these copies, and what that brings; how many deliveries it took."""
        count = 0
        while count != at_most and (step := self._post.next_for(copies)):
            erase(self._erase, step)
            count += 1
        return count


def request_of(life: HoldingEpoch) -> DeletionRequested:
    """A new one each time, for this source alone."""
    return DeletionRequested(
        request_id=str(uuid.uuid4()),
        customer=life.customer,
        scope=Scope.SOURCES,
        sources=(life.source,),
        reason=Reason.REQUEST,
        submitted_at=datetime.now(UTC),
    )


def main(life: str, *copies: str) -> None:
    """First until nobody can read the holding any more; then these copies, to their end."""
    functions = Functions(connect())
    begun = time.perf_counter()
    erasure = functions.take_on(request_of(life_of(life)))
    functions.deliver(Copy.KEYS, at_most=1)
    unreadable = time.perf_counter()
    deliveries = functions.deliver(*map(Copy, copies))
    ended = time.perf_counter()
    tracks = functions.books.tracks.of(erasure.erasure)
    tell(
        unreadable_seconds=unreadable - begun,
        seconds=ended - unreadable,
        deliveries=deliveries,
        deleted={track.copy.value: track.deleted for track in tracks},
        settled=[track.copy.value for track in tracks if track.settled],
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
