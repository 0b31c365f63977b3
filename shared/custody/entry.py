"""How a pushed message meets a function: decode, act, and the one policy for errors.

Permanent errors are recorded in quarantine and acknowledged. Retryable ones fail the request, and
everything else, bugs above all, escapes: Pub/Sub delivers again, and in the end dead-letters.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Protocol, TypeVar

import flask
import structlog
from structlog.contextvars import bound_contextvars

from custody.domain.quarantine import quarantined
from custody.errors import MalformedEventError, PermanentError, RetryableError, TooEarlyError
from custody.events import Delivery, delivery
from custody.logs import trace_of
from custody.ports import Quarantine

log = structlog.get_logger()

E = TypeVar("E")
Response = tuple[str, int]
ACKNOWLEDGED: Response = ("", 204)
DELIVER_AGAIN: Response = ("", 503)


class World(Protocol):
    """What the error policy itself needs."""

    @property
    def quarantine(self) -> Quarantine: ...
    def now(self) -> datetime: ...


W = TypeVar("W", bound=World)


def on_message(
    decode: Callable[[Delivery], E | None],
    connect: Callable[[], W],
    *,
    refusal: str = "quarantined",
) -> Callable[[Callable[[E, W], None]], Callable[[flask.Request], Response]]:
    """Makes an HTTP function of one that takes a decoded event and the world.

    `refusal` is how the log calls a message that is refused for good.
    """

    def decorate(act: Callable[[E, W], None]) -> Callable[[flask.Request], Response]:
        @wraps(act)
        def answer(request: flask.Request) -> Response:
            world = connect()
            trace = trace_of(request.headers.get("X-Cloud-Trace-Context", ""))
            with bound_contextvars(function=act.__name__, trace=trace):
                return _answer(request.get_data(), decode, act, world, refusal)

        return answer

    return decorate


def _answer(
    body: bytes,
    decode: Callable[[Delivery], E | None],
    act: Callable[[E, W], None],
    world: W,
    refusal: str,
) -> Response:
    try:
        pushed = delivery(body)
    except MalformedEventError as error:
        digest = hashlib.sha256(body).hexdigest()[:16]
        _quarantine(error, f"a push with digest {digest}", world, refusal)
        return ACKNOWLEDGED
    try:
        event = decode(pushed)
        if event is not None:  # None: well-formed, and not for this function
            act(event, world)
    except PermanentError as error:
        subscription = pushed.subscription.rpartition("/")[2]
        _quarantine(error, f"{subscription} message {pushed.message_id}", world, refusal)
    except TooEarlyError as error:
        log.info("request_put_off", error=type(error).__name__, cause=str(error))
        return DELIVER_AGAIN
    except RetryableError as error:
        log.warning("request_put_off", error=type(error).__name__, cause=str(error))
        return DELIVER_AGAIN
    return ACKNOWLEDGED


def _quarantine(error: PermanentError, reference: str, world: World, refusal: str) -> None:
    """An acknowledged loss must be visible: in the ledger and in the log."""
    entry = quarantined("message", str(error), reference, seen_at=world.now())
    world.quarantine.put(entry)
    log.error(refusal, quarantine=entry.id, kind=entry.kind, error=type(error).__name__)
