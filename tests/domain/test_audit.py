"""The chain of entries: whatever is done to it shows, and shows where."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from custody.domain.audit import (
    START,
    Entry,
    Head,
    check_chain,
    check_heads,
    following,
    rfc3339,
)
from samples import NOW

STREAM = "e-one"

texts = st.text(st.characters(exclude_categories=["Cs"]))
words = st.text(st.characters(codec="ascii"))
numbers = st.integers(-(2**53) + 1, 2**53 - 1)
subjects = st.dictionaries(words, texts | numbers | st.booleans(), max_size=4)
minutes = st.integers(-23 * 60, 23 * 60).map(lambda offset: timezone(timedelta(minutes=offset)))
moments = st.datetimes(
    NOW.replace(year=2000, tzinfo=None), NOW.replace(year=2100, tzinfo=None), timezones=minutes
)


def a_chain(length: int, stream: str = STREAM) -> list[Entry]:
    entries: list[Entry] = []
    head = START
    for count in range(length):
        entries.append(following(head, stream, "shred-keys", {"page": count}, NOW))
        head = entries[-1].head
    return entries


def broken_at(entries: list[Entry], heads: list[Head]) -> int | None:
    """The number at which a stream breaks that was once promised to end like this."""
    broken = check_chain(STREAM, entries) or check_heads(STREAM, entries, heads)
    return broken.number if broken else None


@given(words, st.integers(1, 10**8), moments, words, subjects)
def test_an_entry_is_written_as_rfc_8785_asks(
    stream: str, number: int, at: datetime, act: str, subject: dict[str, str | int | bool]
) -> None:
    """The domain writes it with `json` alone; whoever checks it has a library for it."""
    entry = Entry(
        stream=stream, number=number, at=at, act=act, subject=subject, previous=START.hash
    )
    fields: dict[str, Any] = {
        "stream": stream,
        "number": number,
        "at": rfc3339(at),
        "act": act,
        "subject": subject,
        "previous": "0" * 64,
    }
    assert entry.canonical() == rfc8785.dumps(fields)


def test_the_hash_of_an_entry_is_that_of_what_is_written() -> None:
    """Written out, so that nobody changes the rule without seeing that old chains break."""
    entry = following(START, "e-one", "shred-keys", {"epoch": 1, "source": "hubspot"}, NOW)
    written = (
        b'{"act":"shred-keys","at":"2026-03-01T12:00:00.000000Z","number":1,'
        b'"previous":"0000000000000000000000000000000000000000000000000000000000000000",'
        b'"stream":"e-one","subject":{"epoch":1,"source":"hubspot"}}'
    )
    assert entry.canonical() == written
    assert entry.head == Head(number=1, hash=hashlib.sha256(written).hexdigest())


@given(moments, moments)
def test_the_order_of_written_moments_is_that_of_the_moments(one: datetime, two: datetime) -> None:
    assert (rfc3339(one) < rfc3339(two)) == (one.astimezone(UTC) < two.astimezone(UTC))


def test_a_moment_is_written_in_utc() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5)))
    assert rfc3339(there) == rfc3339(NOW) == "2026-03-01T12:00:00.000000Z"


@pytest.mark.parametrize("length", range(4))
def test_a_chain_of_any_length_holds(length: int) -> None:
    entries = a_chain(length)
    assert broken_at(entries, [entry.head for entry in entries]) is None


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_changed_entry_is_noticed(number: int) -> None:
    entries = a_chain(3)
    heads = [entries[-1].head]
    entries[number - 1] = replace(entries[number - 1], act="shred-nothing")
    assert broken_at(entries, heads) == min(number + 1, 3)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_missing_entry_is_noticed(number: int) -> None:
    """The last one too, where a head promised it (a hash chain alone cannot)."""
    entries = a_chain(3)
    heads = [entries[-1].head]
    del entries[number - 1]
    assert broken_at(entries, heads) == number


def test_two_entries_that_changed_places_are_noticed() -> None:
    one, two, three = a_chain(3)
    assert broken_at([one, three, two], []) == 2


def test_an_entry_of_another_stream_is_noticed() -> None:
    assert broken_at(a_chain(1, stream="e-two"), []) == 1


def test_a_chain_that_was_forged_anew_is_noticed_by_any_head_of_the_old_one() -> None:
    """Whoever can write can make a whole chain that holds, and not the signed heads."""
    old = a_chain(3)
    head, forged = START, []
    for entry in old:
        forged.append(following(head, STREAM, "nothing", entry.subject, entry.at))
        head = forged[-1].head
    assert broken_at(forged, []) is None
    for number in (1, 2, 3):
        assert broken_at(forged, [old[number - 1].head]) == number


def test_of_several_broken_promises_the_first_is_named() -> None:
    entries = a_chain(3)
    heads = [Head(number=number, hash="f" * 64) for number in (3, 2)]
    assert broken_at(entries, heads) == 2


def test_a_note_repeats_only_what_says_the_same() -> None:
    entry = following(START, STREAM, "shred-keys", {"epoch": 1}, NOW)
    assert entry.repeats("shred-keys", {"epoch": 1})
    assert not entry.repeats("keys-shredded", {"epoch": 1})
    assert not entry.repeats("shred-keys", {"epoch": 2})
