"""One erasure on the real adapters, its messages delivered by hand as Pub/Sub does."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

from custody import events
from custody.adapters.signing import verify
from custody.cloud import Cloud
from custody.domain.erasure import Copy, ErasureId, Reason, Scope, State, Track
from custody.domain.events import DeletionRequested, ErasureStep
from custody.domain.receipt import TYP
from custody.domain.request_erasure import erasure_id
from custody.domain.vault import Holding
from custody.errors import RetryableError, TooEarlyError
from custody.steps.books import standing
from custody.steps.erase import erase
from custody.steps.request_erasure import request_erasure
from faults.rig import Rig

PAUSE = timedelta(minutes=1)
"""How long Pub/Sub waits with what comes too early."""
DELIVERIES = 100
"""More than any erasure of a few files needs: the bound that shows an endless loop."""


class Saga:
    """The erasure of one source, from its request to whatever it comes to."""

    def __init__(self, rig: Rig, holding: Holding) -> None:
        self.rig = rig
        self.world = rig.world
        self.life = holding.life
        self._waiting: list[ErasureStep] = []
        self._request = DeletionRequested(
            request_id=str(uuid4()),
            customer=self.life.customer,
            scope=Scope.SOURCES,
            sources=(self.life.source,),
            reason=Reason.REQUEST,
            submitted_at=rig.world.now(),
        )
        self.erasure: ErasureId = erasure_id(self._request.request_id)

    # Deliveries.

    def run(self) -> None:
        """From the request on, until nothing waits."""
        self.ask()
        self.finish()

    def ask(self, world: Cloud | None = None) -> None:
        """Delivers the request until it is taken."""
        for _ in range(DELIVERIES):
            try:
                request_erasure((world or self.world).request, self._request)
            except RetryableError:
                continue
            return
        raise AssertionError("the request is never taken")

    def finish(self) -> None:
        """Until nothing waits, not even for its time."""
        self.go_on()
        while self._waiting:
            self.rig.clock.advance(PAUSE.total_seconds())
            self.go_on()

    def go_on(self) -> None:
        """Until nothing waits but for its time."""
        early: list[ErasureStep] = []
        for _ in range(DELIVERIES):
            self._waiting = self._waiting or self._rung()
            if not self._waiting:
                self._waiting = early
                return
            early += self._deliver(self._waiting.pop(0))
        raise AssertionError(f"messages go round for ever: {self._waiting[:3]}")

    def later(self, pause: timedelta) -> None:
        """The timers ring, and whatever they ring for is done."""
        self.rig.clock.advance(pause.total_seconds())
        self.rig.reconcile()
        self.finish()

    def _deliver(self, step: ErasureStep) -> list[ErasureStep]:
        """What comes too early; what failed otherwise comes again at once."""
        try:
            erase(self.world.erase, step)
        except TooEarlyError:
            return [step]
        except RetryableError:
            self._waiting.append(step)
        return []

    def _rung(self) -> list[ErasureStep]:
        """This erasure's among the messages since the last look."""
        steps = [
            events.erasure_step(
                events.Delivery(message_id="1", subscription="", data=data, attributes={})
            )
            for copy in Copy
            for data in self.rig.data(f"erasure-tasks-{copy.value}")
        ]
        return [step for step in steps if step.erasure == self.erasure]

    # What there is.

    @property
    def state(self) -> State:
        books = self.world.books
        return standing(books, books.erasures.find(self.erasure))

    def track(self, copy: Copy) -> Track:
        (found,) = [one for one in self.world.books.tracks.of(self.erasure) if one.copy is copy]
        return found

    def receipt(self) -> dict[str, Any] | None:
        """What the last one says."""
        last = self.world.books.receipts.last(self.erasure)
        if last is None:
            return None
        claims: dict[str, Any] = json.loads(verify(last.jws, self.world.signer.keys(), TYP))
        return claims

    def said_of(self, copy: Copy) -> dict[str, Any]:
        """What the last receipt says of one copy."""
        claims = self.receipt()
        assert claims
        (holding,) = claims["holdings"]
        (found,) = [one for one in holding["copies"] if one["copy"] == copy.value]
        told: dict[str, Any] = found
        return told
