"""Tokens that prove themselves, and when a channel is renewed."""

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from custody.domain.channels import corpus_of_token, plan_renewal, sign_token
from custody.domain.drive import CORPORA, OWN_LOG, SHARED_DRIVE, Corpus
from samples import NOW, a_channel

SECRET = b"a secret of the tests"
EXPIRY = NOW + timedelta(days=7)
ADDRESS = "https://push.example"


def token(corpus: Corpus = SHARED_DRIVE, channel: str = "channel-one") -> str:
    return sign_token(SECRET, channel=channel, corpus=corpus, expires_at=EXPIRY)


@pytest.mark.parametrize("corpus", CORPORA)
def test_a_genuine_token_speaks_for_its_corpus(corpus: Corpus) -> None:
    spoken = corpus_of_token(SECRET, token(corpus), channel="channel-one", now=NOW)
    assert spoken == corpus


def test_a_token_speaks_for_its_own_channel_alone() -> None:
    assert corpus_of_token(SECRET, token(), channel="channel-two", now=NOW) is None


def test_a_token_of_another_secret_says_nothing() -> None:
    assert corpus_of_token(b"another", token(), channel="channel-one", now=NOW) is None


def test_a_token_cannot_be_turned_to_another_corpus() -> None:
    turned = token(SHARED_DRIVE).replace(SHARED_DRIVE, OWN_LOG)
    assert corpus_of_token(SECRET, turned, channel="channel-one", now=NOW) is None


def test_a_token_cannot_be_made_to_live_longer() -> None:
    corpus, expiry, mac = token().split(".")
    longer = f"{corpus}.{int(expiry) + 1}.{mac}"
    assert corpus_of_token(SECRET, longer, channel="channel-one", now=NOW) is None


def test_a_token_ends_at_its_expiry() -> None:
    just_before = EXPIRY - timedelta(seconds=1)
    assert corpus_of_token(SECRET, token(), channel="channel-one", now=just_before)
    assert corpus_of_token(SECRET, token(), channel="channel-one", now=EXPIRY) is None


@given(st.text(), st.text())
@example("shared-drive.9999999999", "channel-one")
@example("shared-drive.99999999999.ü", "channel-one")
@example("shared-drive." + "9" * 5000 + ".0", "channel-one")
@example("shared-drive.-1.0", "channel-one")
@example("shared-drive.٣.0", "channel-one")
def test_no_forged_token_is_taken_and_none_makes_trouble(forged: str, channel: str) -> None:
    assert corpus_of_token(SECRET, forged, channel=channel, now=NOW) is None


@given(st.integers(0, 255), st.integers(1, 0x7F))
def test_no_changed_character_of_a_token_goes_unnoticed(place: int, change: int) -> None:
    genuine = token()
    place %= len(genuine)
    changed = genuine[:place] + chr(ord(genuine[place]) ^ change) + genuine[place + 1 :]
    assert corpus_of_token(SECRET, changed, channel="channel-one", now=NOW) is None


@pytest.mark.parametrize("corpus", CORPORA)
def test_a_token_fits_into_what_drive_takes(corpus: Corpus) -> None:
    """T1: a channel token has 256 characters at most."""
    assert len(token(corpus, channel="x" * 64)) < 256


def test_without_a_channel_one_is_made() -> None:
    renewal = plan_renewal([], address=ADDRESS, now=NOW)
    assert renewal.create
    assert renewal.stop == ()


def test_a_fresh_channel_is_left_alone() -> None:
    renewal = plan_renewal([a_channel()], address=ADDRESS, now=NOW + timedelta(days=3))
    assert not renewal.create
    assert renewal.stop == ()


def test_a_channel_is_renewed_at_half_of_the_life_that_drive_granted() -> None:
    """T2: renew at 50 % of what was granted, whatever was asked for."""
    granted = a_channel(life=timedelta(hours=2))
    assert not plan_renewal([granted], address=ADDRESS, now=NOW + timedelta(minutes=59)).create
    assert plan_renewal([granted], address=ADDRESS, now=NOW + timedelta(minutes=60)).create


def test_the_old_channel_stays_until_a_new_one_stands() -> None:
    """T2: channels overlap; a lost renewal leaves the old one ringing."""
    old = a_channel("old")
    later = NOW + timedelta(days=4)
    assert plan_renewal([old], address=ADDRESS, now=later).stop == ()
    new = a_channel("new", created_at=later)
    renewal = plan_renewal([new, old], address=ADDRESS, now=later + timedelta(hours=1))
    assert not renewal.create
    assert renewal.stop == (old,)


def test_a_channel_to_another_address_is_replaced() -> None:
    renewal = plan_renewal([a_channel()], address="https://moved.example", now=NOW)
    assert renewal.create


def test_of_two_fresh_channels_the_newer_stays() -> None:
    older, newer = a_channel("older"), a_channel("newer", created_at=NOW + timedelta(hours=1))
    renewal = plan_renewal([newer, older], address=ADDRESS, now=NOW + timedelta(hours=2))
    assert renewal.stop == (older,)


lives = st.timedeltas(timedelta(hours=1), timedelta(days=7))
ages = st.timedeltas(timedelta(), timedelta(days=10))


@given(st.lists(st.tuples(ages, lives), max_size=5), ages)
def test_after_a_renewal_some_fresh_channel_stands(
    granted: list[tuple[timedelta, timedelta]], later: timedelta
) -> None:
    """T2: whatever stands, a run never leaves us without a channel in its first half."""
    now = NOW + timedelta(days=10) + later
    channels = [
        a_channel(f"channel-{number}", created_at=now - age, life=life)
        for number, (age, life) in enumerate(granted)
    ]
    renewal = plan_renewal(channels, address=ADDRESS, now=now)
    kept = [channel for channel in channels if channel not in renewal.stop]
    assert renewal.create != any(now < channel.half_life() for channel in kept)
    assert renewal.create or len(kept) == 1
