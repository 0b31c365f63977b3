"""`--dry-run`: the books of an erasure as they are, in which nothing is written."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from custody.domain.audit import Subject
from custody.domain.erasure import Decision, Erasure, ErasureId
from custody.domain.events import Event
from custody.domain.holds import Hold
from custody.domain.plan import Plan
from custody.domain.vault import CustomerId, Source
from custody.ports import Audit, Erasures, Holds, Plans, Signer
from custody.steps.books import Books


def rehearsed(books: Books) -> Books:
    """What a person writes and sends goes nowhere; all that is refused is refused."""
    return replace(
        books,
        holds=_Holds(books.holds),
        erasures=_Erasures(books.erasures),
        plans=_Plans(books.plans),
        audit=_Audit(books.audit),
        publisher=_Publisher(),
    )


class _Holds:
    def __init__(self, holds: Holds) -> None:
        self.find = holds.find

    def put(self, hold: Hold) -> None:
        pass

    def remove(self, customer: CustomerId, source: Source) -> None:
        pass


class _Erasures:
    def __init__(self, erasures: Erasures) -> None:
        self.find, self.ids = erasures.find, erasures.ids
        self.decision, self.approved_by = erasures.decision, erasures.approved_by

    def add(self, erasure: Erasure) -> Erasure:
        return erasure

    def decide(self, erasure: ErasureId, decision: Decision) -> Decision:
        return self.decision(erasure) or decision

    def approve(self, erasure: ErasureId, by: str) -> None:
        pass


class _Plans:
    def __init__(self, plans: Plans) -> None:
        self.find = plans.find

    def save(self, plan: Plan) -> None:
        pass


class _Audit:
    def __init__(self, audit: Audit) -> None:
        self.signed_at = audit.signed_at

    def note(self, stream: str, act: str, subject: Subject, at: datetime) -> None:
        pass

    def sign_heads(self, signer: Signer, at: datetime) -> None:
        pass


class _Publisher:
    def publish(self, events: Sequence[Event]) -> None:
        pass
