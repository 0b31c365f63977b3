"""Keeps a live channel on every change log, overlapping the one before it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from custody.domain.channels import CHANGES_LIFE, Channel, plan_renewal, sign_token
from custody.domain.drive import CORPORA, Corpus
from custody.errors import PermanentError
from custody.ports import ChangeFeed, Channels

log = structlog.get_logger()

LEAST_LIFE = timedelta(hours=24)
"""A channel with less to live alerts."""


def renew_watches(
    *,
    feed: ChangeFeed,
    channels: Channels,
    fresh_id: str,
    secret: bytes,
    address: str,
    now: datetime,
) -> None:
    for corpus in CORPORA:
        standing = channels.all(corpus)
        _warn(standing, corpus, address, now)
        renewal = plan_renewal(standing, address=address, now=now)
        if renewal.create:
            channel = _watch(corpus, f"{fresh_id}-{corpus}", feed, secret, address, now)
            channels.add(channel)
            log.info("watch_renewed", corpus=corpus, expires_at=channel.expires_at.isoformat())
        for old in renewal.stop:
            _stop(old, feed)
            channels.remove(old)


def _warn(standing: Sequence[Channel], corpus: Corpus, address: str, now: datetime) -> None:
    """T2: renewed at half its life, a channel that is near its end was not renewed for days."""
    ends = [one.expires_at for one in standing if one.address == address]
    if ends and max(ends) - now < LEAST_LIFE:
        log.error("watch_expiring", corpus=corpus, expires_at=max(ends).isoformat())


def _stop(channel: Channel, feed: ChangeFeed) -> None:
    """T3: only who made a channel may stop it. One that we may not stop ends by itself."""
    try:
        feed.stop(channel)
    except PermanentError as error:
        log.warning("watch_not_stopped", corpus=channel.corpus, error=type(error).__name__)


def _watch(
    corpus: Corpus, channel: str, feed: ChangeFeed, secret: bytes, address: str, now: datetime
) -> Channel:
    until = now + CHANGES_LIFE
    return feed.watch(
        corpus,
        cursor=feed.start(corpus),
        channel=channel,
        token=sign_token(secret, channel=channel, corpus=corpus, expires_at=until),
        address=address,
        now=now,
        until=until,
    )
