"""Signs what an erasure has come to, once nothing goes on by itself; again when facts change."""

from collections.abc import Sequence
from datetime import datetime

import structlog

import custody
from custody.domain.erasure import Erasure, State, Track, at_rest, state_of
from custody.domain.receipt import TYP, Receipt, digest_of, facts_of, statement
from custody.errors import ConflictError
from custody.ports import Signer
from custody.steps.books import Books

log = structlog.get_logger()


def certify(
    books: Books, signer: Signer, erasure: Erasure, tracks: Sequence[Track], *, now: datetime
) -> None:
    """Certified or blocked, the receipt says so; it supersedes the one before."""
    state = state_of(erasure, None, tracks)
    if state not in (State.CERTIFIED, State.BLOCKED) or not at_rest(tracks):
        return
    facts = facts_of(erasure, state, tracks, software=custody.VERSION)
    last = books.receipts.last(erasure.erasure)
    if last and last.facts == digest_of(facts):
        return
    receipt = _signed(signer, erasure, facts, last.number + 1 if last else 1, now)
    books.audit.note(
        erasure.erasure, "receipt", {"number": receipt.number, "state": state.value}, now
    )
    if books.receipts.add(receipt).facts != receipt.facts:
        raise ConflictError("another receipt was issued meanwhile: look again")
    if state is State.CERTIFIED:
        log.info("erasure_certified", erasure=erasure.erasure, receipt=receipt.number)


def _signed(
    signer: Signer, erasure: Erasure, facts: dict[str, object], number: int, now: datetime
) -> Receipt:
    return Receipt(
        erasure=erasure.erasure,
        number=number,
        issued_at=now,
        facts=digest_of(facts),
        jws=signer.sign(statement(facts, number=number, issued_at=now), TYP),
    )
