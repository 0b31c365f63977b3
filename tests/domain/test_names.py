"""Names of stored objects: both ways for all ids, and nothing else is taken for one."""

from collections.abc import Callable

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from custody.domain import names
from custody.domain.erasure import Copy, ErasureId, Track, entry_of
from custody.domain.vault import (
    CustomerId,
    FileId,
    HoldingEpoch,
    RevisionId,
    Source,
)
from custody.errors import CorruptError
from samples import LIFE, a_life, a_track

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
file_ids = words.map(FileId)
revisions = words.map(RevisionId)
lives = st.builds(
    HoldingEpoch,
    customer=words.map(CustomerId),
    source=words.map(Source),
    epoch=st.integers(1, 10**9),
)


@given(lives, file_ids, revisions)
@example(a_life(source="a/b"), FileId("x%2Fy"), RevisionId("../.."))
def test_every_version_name_leads_back_to_what_it_names(
    life: HoldingEpoch, file_id: FileId, revision: RevisionId
) -> None:
    name = names.version_name(life, file_id, revision)
    assert names.parse_version_name(name) == (life, file_id, revision)


@given(lives, file_ids, revisions, lives, file_ids, revisions)
def test_two_versions_never_share_a_name(
    life: HoldingEpoch,
    file_id: FileId,
    revision: RevisionId,
    other_life: HoldingEpoch,
    other_file: FileId,
    other_revision: RevisionId,
) -> None:
    assume((life, file_id, revision) != (other_life, other_file, other_revision))
    other = names.version_name(other_life, other_file, other_revision)
    assert names.version_name(life, file_id, revision) != other


@given(lives, file_ids, revisions, lives)
def test_the_prefix_of_an_epoch_covers_its_names_and_no_others(
    life: HoldingEpoch, file_id: FileId, revision: RevisionId, other: HoldingEpoch
) -> None:
    name = names.version_name(life, file_id, revision)
    assert name.startswith(names.life_prefix(other)) == (life == other)


def test_the_prefix_of_epoch_1_does_not_cover_epoch_10() -> None:
    tenth = names.version_name(a_life(epoch=10), FileId("f"), RevisionId("r"))
    assert not tenth.startswith(names.life_prefix(a_life(epoch=1)))


@given(st.text())
@example("c/s/1/f/r")
@example("c/s/01/f/r")
@example("c/s/0/f/r/")
@example("c/s/1/f%2f/r")
@example("c/s/1/f%ff/r")
@example("c/s/٣/f/r")
@example("c//1/f/r")
def test_a_parsed_name_is_one_that_we_would_give_and_any_other_is_corrupt(text: str) -> None:
    try:
        life, file_id, revision = names.parse_version_name(text)
    except CorruptError:
        return
    assert names.version_name(life, file_id, revision) == text


def test_a_name_shows_no_character_that_was_not_an_id() -> None:
    """T8: nothing of a path can be smuggled into a name."""
    name = names.version_name(LIFE, FileId("a/../b"), RevisionId("c d"))
    assert name == "c-abcdefghijkl/hubspot/1/a%2F..%2Fb/c%20d"


@given(lives, file_ids)
def test_an_index_name_leads_back_to_its_file(life: HoldingEpoch, file_id: FileId) -> None:
    name = names.index_name(life, file_id)
    assert name.startswith(names.index_prefix(life))
    assert names.parse_index_name(name) == file_id


@given(lives)
def test_what_belongs_to_a_keyset_leads_back_to_its_epoch(life: HoldingEpoch) -> None:
    for name_of, ending in (
        (names.keyset_name, names.KEYSET),
        (names.destroyed_name, names.DESTROYED),
        (names.recovery_name, names.RECOVERY),
    ):
        assert names.parse_key_name(name_of(life)) == (life, ending)


@given(st.text())
@example("c/s/1.keyset")
@example("c/s/01.keyset")
@example("c/s/1.keyset.old")
@example("c/s/1.txt")
@example("c/s/1")
@example("c//1.keyset")
@example("c/s%2f/1.keyset")
def test_a_parsed_key_name_is_one_that_we_would_give(text: str) -> None:
    try:
        life, ending = names.parse_key_name(text)
    except CorruptError:
        return
    assert names.life_prefix(life)[:-1] + ending == text


@given(lives, lives)
def test_keysets_marks_and_fences_of_two_epochs_never_meet(
    life: HoldingEpoch, other: HoldingEpoch
) -> None:
    assume(life != other)
    for name_of in (names.keyset_name, names.destroyed_name, names.fence_name):
        assert name_of(life) != name_of(other)


@pytest.mark.parametrize(
    "name",
    [
        names.keyset_name(LIFE),
        names.destroyed_name(LIFE),
        names.fence_name(LIFE),
        names.whereabouts_name(FileId("a/b")),
        names.cursor_name("shared-drive"),
        names.channel_name("own-log", "one/two"),
        names.customer_name(LIFE.customer),
        names.holding_name(LIFE.customer, LIFE.source),
        names.slug_name("acorn"),
        names.hold_name(LIFE.customer, LIFE.source),
        names.request_name("e-one"),
        names.decision_name("e-one"),
        names.approval_name("e-one"),
        names.plan_name("p-one"),
        names.receipt_name("e-one", 1),
        names.track_name("e-one", LIFE.source, 1, Copy.VAULT),
        names.page_name(a_track(), 0),
    ],
)
def test_the_other_names_are_taken_for_no_version(name: str) -> None:
    with pytest.raises(CorruptError):
        names.parse_version_name(name)


def test_a_channel_stands_under_the_prefix_of_its_corpus() -> None:
    name = names.channel_name("own-log", "one")
    assert name.startswith(names.channel_prefix("own-log"))
    assert not name.startswith(names.channel_prefix("own"))


# The books of an erasure.

tracks = st.builds(a_track, copy=st.sampled_from(Copy), life=lives, erasure=words.map(ErasureId))
numbers = st.integers(0, 10**8 - 1)


def name_of(track: Track) -> str:
    return names.track_name(track.erasure, track.life.source, track.life.epoch, track.copy)


@given(tracks)
@example(a_track(life=entry_of(LIFE.customer)))
@example(a_track(erasure=ErasureId("e/.."), life=a_life(source="a/b")))
def test_every_track_name_leads_back_to_what_it_names(track: Track) -> None:
    life = track.life
    found = names.parse_track_name(name_of(track))
    assert found == (track.erasure, life.source, life.epoch, track.copy)


@given(st.text())
@example("erasures/tracks/e-one/hubspot/1")
@example("erasures/tracks/e-one/hubspot/1/vault")
@example("erasures/tracks/e-one/hubspot/01/vault")
@example("erasures/tracks/e-one/hubspot/one/vault")
@example("erasures/tracks/e-one/hubspot/\u0663/vault")
@example("erasures/tracks/e-one/hubspot/1/vault/")
@example("erasures/tracks/e-one/hub%73pot/1/vault")
@example("erasures/tracks//hubspot/1/vault")
@example("e-one/hubspot/1/vault")
def test_a_parsed_track_name_is_one_that_we_would_give_and_any_other_is_corrupt(text: str) -> None:
    try:
        found = names.parse_track_name(text)
    except CorruptError:
        return
    assert names.track_name(*found) == text
    assert "" not in found


@given(tracks, words)
def test_a_track_stands_under_the_prefix_of_its_erasure_and_of_no_other(
    track: Track, other: str
) -> None:
    assert name_of(track).startswith(names.track_prefix(track.erasure))
    assert name_of(track).startswith(names.track_prefix(other)) == (track.erasure == other)


@given(tracks, numbers)
@example(a_track(erasure=ErasureId("page-7.done")), 10)
def test_every_page_name_leads_back_to_its_number(track: Track, number: int) -> None:
    name = names.page_name(track, number)
    assert names.parse_page_number(name) == number
    assert names.parse_page_number(name + names.DONE) == number


@given(tracks, numbers, numbers)
@example(a_track(), 9, 10)
@example(a_track(), 99_999, 100_000)
def test_the_names_of_pages_stand_in_the_order_of_their_numbers(
    track: Track, one: int, two: int
) -> None:
    """And what says that a page is finished stands right behind it."""
    assume(one < two)
    first, second = names.page_name(track, one), names.page_name(track, two)
    assert first < first + names.DONE < second


@given(tracks, numbers, tracks)
def test_a_page_stands_under_the_prefix_of_its_track_and_of_no_other(
    track: Track, number: int, other: Track
) -> None:
    name = names.page_name(track, number)
    assert name.startswith(names.page_prefix(track))
    assert name.startswith(names.page_prefix(other)) == (name_of(track) == name_of(other))


@given(words, words, st.integers(1, 9999), st.integers(1, 9999))
@example("e-1", "e-10", 9, 10)
def test_receipts_of_one_erasure_stand_in_their_order_and_apart_from_others(
    one: str, two: str, first: int, second: int
) -> None:
    assume(first < second)
    name = names.receipt_name(one, first)
    assert name < names.receipt_name(one, second)
    assert name.startswith(names.receipt_prefix(two)) == (one == two)


BY_ID: list[Callable[[str], str]] = [
    names.request_name,
    names.decision_name,
    names.approval_name,
    names.plan_name,
    names.receipt_prefix,
    names.track_prefix,
]


@given(words, words)
def test_no_two_ids_and_no_two_kinds_of_records_share_a_name(one: str, two: str) -> None:
    assume(one != two)
    given_names = {name(each) for name in BY_ID for each in (one, two)}
    assert len(given_names) == 2 * len(BY_ID)
    assert names.request_name(one).startswith(names.REQUESTS)
    assert not any(other(one).startswith(names.REQUESTS) for other in BY_ID[1:])


@given(words.map(CustomerId), words.map(Source), words.map(CustomerId), words.map(Source))
def test_holds_on_two_holdings_never_meet(
    customer: CustomerId, source: Source, other: CustomerId, another: Source
) -> None:
    assume((customer, source) != (other, another))
    assert names.hold_name(customer, source) != names.hold_name(other, another)


@pytest.mark.parametrize("copy", Copy)
def test_the_books_of_an_erasure_name_no_customer(copy: Copy) -> None:
    """T24: they outlive the customer's entry, and so must not say whose they are."""
    track = a_track(copy, life=a_life("c-canary"))
    for name in (name_of(track), names.page_name(track, 0), names.track_prefix(track.erasure)):
        assert "canary" not in name


def test_a_name_of_the_books_shows_no_character_that_was_not_an_id() -> None:
    """T8: nothing of a path can be smuggled into a name."""
    track = a_track(erasure=ErasureId("e/.."), life=a_life(source="a b/c"))
    assert name_of(track) == "erasures/tracks/e%2F../a%20b%2Fc/1/vault"
    assert names.page_name(track, 7) == "erasures/pages/e%2F../a%20b%2Fc/1/vault/page-00000007"
