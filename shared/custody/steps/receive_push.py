"""Drive rings: check the token, pass the bell on. Reads no store, lists no changes."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from custody.domain.channels import corpus_of_token
from custody.domain.drive import Corpus
from custody.domain.events import DriveTouched
from custody.ports import Publisher

log = structlog.get_logger()


STATES = frozenset({"sync", "change", "add", "remove", "update", "trash", "untrash"})
"""Drive, "Push notifications": X-Goog-Resource-State."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What Drive's headers say: `X-Goog-Channel-ID`, `-Channel-Token`, `-Resource-State`."""

    channel: str
    token: str
    state: str


def receive_push(
    push: Push, *, publisher: Publisher, secret: bytes, now: datetime
) -> Corpus | None:
    """The corpus that was passed on; None for a push that proves nothing."""
    corpus = corpus_of_token(secret, push.token, channel=push.channel, now=now)
    if corpus is None:
        log.warning("push_refused", state=_known(push.state))
        return None
    publisher.publish([DriveTouched(corpus=corpus)])
    log.info("push_received", corpus=corpus, state=_known(push.state))
    return corpus


def _known(state: str) -> str:
    """A forger may write anything there: nothing of that reaches a log."""
    return state if state in STATES else "other"
