"""Names of stored objects: both ways for all ids, and nothing else is taken for one."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from custody.domain import names
from custody.domain.vault import (
    CustomerId,
    FileId,
    HoldingEpoch,
    RevisionId,
    Source,
)
from custody.errors import CorruptError
from samples import LIFE, a_life

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
    ],
)
def test_the_other_names_are_taken_for_no_version(name: str) -> None:
    with pytest.raises(CorruptError):
        names.parse_version_name(name)


def test_a_channel_stands_under_the_prefix_of_its_corpus() -> None:
    name = names.channel_name("own-log", "one")
    assert name.startswith(names.channel_prefix("own-log"))
    assert not name.startswith(names.channel_prefix("own"))
