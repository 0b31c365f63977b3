"""What becomes of a file follows from where it lies and who may do what; names order a sweep."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.domain.drive_fates import (
    FOLDER_OF_OTHERS,
    KNOWN,
    LISTED,
    OUR_FOLDER,
    QUARANTINED,
    Facts,
    end_of,
    fate_of,
    file_of,
    inside,
    lies_in_other_holding,
    listed_name,
    quarantined_files,
)
from custody.domain.erasure import Fate
from custody.domain.quarantine import Quarantined, quarantined
from custody.domain.vault import FileId
from custody.errors import RefusedError
from samples import LIFE, NOW, a_life

OURS = Facts(in_our_drive=True, can_delete=True)
THEIRS = Facts(in_our_drive=False)
ids = st.text("-_019AZaz", min_size=1, max_size=4).map(FileId)
facts = st.builds(Facts, **{name: st.booleans() for name in Facts.__dataclass_fields__})


@pytest.mark.parametrize(
    ("shown", "fate"),
    [
        (None, None),
        (OURS, Fate.DELETE),
        (replace(THEIRS, owned_by_us=True, can_delete=True), Fate.DELETE),
        (replace(OURS, in_other_holding=True), Fate.KEEP),
        (replace(THEIRS, in_other_holding=True, shared_with_us=True), Fate.KEEP),
        (replace(THEIRS, shared_with_us=True), Fate.RELINQUISH),
        (replace(THEIRS, shared_with_us=True, in_given_up_folder=True), Fate.RELINQUISH),
        (replace(THEIRS, in_given_up_folder=True), None),
        (THEIRS, Fate.ASK_OWNER),
    ],
)
def test_the_table_of_fates(shown: Facts | None, fate: Fate | None) -> None:
    """T12."""
    assert fate_of(shown) is fate


@pytest.mark.parametrize("shown", [OURS, replace(THEIRS, owned_by_us=True)])
def test_what_is_ours_and_may_not_be_deleted_is_refused_and_never_skipped(shown: Facts) -> None:
    """T12: the identity that erases is no organizer, and a person has to mend that."""
    with pytest.raises(RefusedError, match="organizer"):
        fate_of(replace(shown, can_delete=False))


@given(facts)
def test_nothing_is_deleted_that_others_own_or_that_lies_in_another_holding(shown: Facts) -> None:
    """A shared drive of others is theirs, whatever rank we have in it."""
    if shown.in_other_holding or not shown.ours:
        assert fate_of(shown) is not Fate.DELETE


def test_the_nearest_holding_on_the_way_up_is_the_one_that_a_file_lies_in() -> None:
    file_id, inner, own, theirs = map(FileId, ("file", "inner", "own", "theirs"))
    assert not lies_in_other_holding([file_id, inner, own], own, {theirs})
    assert lies_in_other_holding([file_id, inner, theirs], own, {theirs})
    assert lies_in_other_holding([file_id, theirs, own], own, {theirs})
    assert not lies_in_other_holding([file_id, own, theirs], own, {theirs})
    assert not lies_in_other_holding([file_id, inner], None, {theirs})
    assert lies_in_other_holding([own], own, {own})  # the next epoch has the same folder


def test_quarantine_names_files_of_an_epoch_each_once() -> None:
    def entry(kind: str, reference: str, epoch: int = 1) -> Quarantined:
        return quarantined(
            kind,
            "a reason",
            reference,
            seen_at=NOW,
            customer=LIFE.customer,
            source=LIFE.source,
            epoch=epoch,
        )

    entries = [
        entry("file", "b"),
        entry("moved-file", "b"),
        entry("moved-file", "a"),
        entry("message", "files-touched/7"),
        entry("file", "c", epoch=2),
    ]
    assert quarantined_files(LIFE, entries) == ["a", "b"]
    assert quarantined_files(a_life(epoch=2), entries) == ["c"]


# The order of names.


def test_stretches_follow_each_other_and_each_ends_behind_its_names() -> None:
    stretches = [FOLDER_OF_OTHERS, KNOWN, QUARANTINED, LISTED, OUR_FOLDER]
    bounds = [bound for one in stretches for bound in (one, one + "zzzz", end_of(one))]
    assert bounds == sorted(bounds)


@given(st.sampled_from([FOLDER_OF_OTHERS, KNOWN, QUARANTINED, OUR_FOLDER]), ids)
def test_a_name_leads_back_to_its_file(stretch: str, file_id: FileId) -> None:
    assert file_of(stretch + file_id) == file_id


Tree = dict[FileId, "Tree | None"]
trees = st.recursive(
    st.dictionaries(ids, st.none(), max_size=4),
    lambda inner: st.dictionaries(ids, st.none() | inner, max_size=4),
    max_leaves=20,
)


def walk(tree: Tree, path: str = LISTED) -> list[tuple[str, FileId]]:
    """Names with their files: by id, what is inside a folder before the folder."""
    met = []
    for file_id, below in sorted(tree.items(), key=lambda one: one[0]):
        if below is not None:
            met += walk(below, inside(path, file_id))
        met.append((listed_name(path, file_id, is_folder=below is not None), file_id))
    return met


@given(trees)
def test_a_walk_by_ids_with_leaves_first_is_in_the_order_of_names(tree: Tree) -> None:
    """Whatever the ids: also where one begins with another, or a folder is empty."""
    names = [name for name, _ in walk(tree)]
    assert names == sorted(set(names))
    assert all(LISTED < name < end_of(LISTED) for name in names)


@given(trees)
def test_a_listed_name_leads_back_to_its_file(tree: Tree) -> None:
    assert [file_of(name) for name, _ in walk(tree)] == [file_id for _, file_id in walk(tree)]
