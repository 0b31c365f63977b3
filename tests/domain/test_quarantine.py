"""Quarantined things: one entry for one thing, with an end."""

from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from custody.domain.quarantine import LIFE, quarantined
from custody.domain.vault import CustomerId, Source
from samples import NOW

words = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
things = st.tuples(words, words, words.map(CustomerId), words.map(Source), st.integers(1, 99))


def test_the_same_thing_seen_again_is_the_same_entry() -> None:
    first = quarantined("message", "no JSON", "topic message 1", seen_at=NOW)
    again = quarantined("message", "still none", "topic message 1", seen_at=NOW + timedelta(days=1))
    assert first.id == again.id


@given(things, things)
def test_different_things_are_different_entries(
    one: tuple[str, str, CustomerId, Source, int], two: tuple[str, str, CustomerId, Source, int]
) -> None:
    assume(one != two)
    entries = [
        quarantined(kind, "reason", reference, seen_at=NOW, customer=who, source=what, epoch=epoch)
        for kind, reference, who, what, epoch in (one, two)
    ]
    assert entries[0].id != entries[1].id


def test_an_entry_waits_for_30_days() -> None:
    entry = quarantined("message", "no JSON", "topic message 1", seen_at=NOW)
    assert entry.expires_at == NOW + LIFE == NOW + timedelta(days=30)


def test_an_id_says_nothing_of_what_it_is_about() -> None:
    entry = quarantined("moved-file", "moved", "file-canary", seen_at=NOW)
    assert "canary" not in entry.id
