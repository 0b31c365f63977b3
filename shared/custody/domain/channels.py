"""Drive's notification channels: self-contained tokens, and when to renew."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from custody.domain.drive import Corpus

CHANGES_LIFE = timedelta(days=7)
"""The longest life that Drive grants a channel on a change log (T2: 604,800 s)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One subscription to the pushes of one corpus, as Drive granted it."""

    channel: str
    corpus: Corpus
    resource: str
    address: str
    created_at: datetime
    expires_at: datetime

    def half_life(self) -> datetime:
        return self.created_at + (self.expires_at - self.created_at) / 2


def sign_token(secret: bytes, *, channel: str, corpus: Corpus, expires_at: datetime) -> str:
    """A token that proves itself, so that no store is asked. Under 256 characters (T1)."""
    expiry = int(expires_at.timestamp())
    return f"{corpus}.{expiry}.{_mac(secret, channel, corpus, expiry)}"


def corpus_of_token(secret: bytes, token: str, *, channel: str, now: datetime) -> Corpus | None:
    """The corpus that a genuine, unexpired token speaks for; None for any other."""
    corpus, _, rest = token.partition(".")
    expiry, _, mac = rest.partition(".")
    if not (expiry.isascii() and expiry.isdecimal() and len(expiry) < 16 and mac.isascii()):
        return None
    genuine = hmac.compare_digest(mac, _mac(secret, channel, corpus, int(expiry)))
    return Corpus(corpus) if genuine and now.timestamp() < int(expiry) else None


def _mac(secret: bytes, channel: str, corpus: str, expiry: int) -> str:
    message = f"custody/push/v1|{channel}|{corpus}|{expiry}".encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """Whether a corpus needs a new channel, and which old ones to stop."""

    create: bool
    stop: tuple[Channel, ...]


def plan_renewal(channels: Iterable[Channel], *, address: str, now: datetime) -> Renewal:
    """A new channel at half life; the old one stops a run later, so that they overlap (T2)."""
    by_age = sorted(channels, key=lambda channel: channel.created_at)
    fresh = [c for c in by_age if c.address == address and now < c.half_life()]
    if not fresh:
        return Renewal(create=True, stop=())
    return Renewal(create=False, stop=tuple(c for c in by_age if c != fresh[-1]))
