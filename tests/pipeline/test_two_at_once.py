"""Two captures of one file at once: whatever their order, the vault ends level with Drive."""

from collections.abc import Callable

import pytest

from custody.domain.events import FilesTouched
from custody.domain.vault import FileId, Holding
from pipeline.driver import Pipeline
from pipeline.interleaving import PERSON, all_orders, capture_both
from pipeline.promises import Keeper, check_settled

Order = tuple[int, ...]


def twice_at_once(
    pipeline: Pipeline,
    holding: Holding,
    file_id: FileId,
    order: Order,
    act: Callable[[], object] = lambda: None,
) -> None:
    """At once nothing may be wrong, and after the timers nothing may be missing."""
    keeper = Keeper(pipeline.world)
    capture_both(pipeline, FilesTouched(life=holding.life, file_ids=(file_id,)), order, act)
    keeper.check()
    indexed = {version.name for version in pipeline.history(holding.life, file_id).versions}
    assert indexed == set(pipeline.world.vault.names(holding.life)), "a version was forgotten"
    pipeline.settle()
    keeper.check_all()
    check_settled(pipeline)


@pytest.mark.parametrize("order", all_orders(4, 4))
def test_two_captures_of_one_revision_store_it_once(
    pipeline: Pipeline, acorn: Holding, order: Order
) -> None:
    """T18: at least once means at the same time, too."""
    file_id = pipeline.world.google.create_file("deals.csv", acorn.folder_id, b"one")
    twice_at_once(pipeline, acorn, file_id, order)
    assert pipeline.contents(acorn.life, file_id) == [b"one"]


@pytest.mark.parametrize("rest", all_orders(3, 5))
def test_captures_of_different_revisions_keep_drives_order(
    pipeline: Pipeline, acorn: Holding, rest: Order
) -> None:
    """The first looked before an edit and the second after it; both find nothing captured."""
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    google.edit(file_id, b"two")
    order = (0, PERSON, *rest)
    twice_at_once(pipeline, acorn, file_id, order, lambda: google.edit(file_id, b"three"))
    assert pipeline.contents(acorn.life, file_id) == [b"one", b"two", b"three"]


@pytest.mark.parametrize("rest", all_orders(5, 6))
def test_captures_before_and_after_a_purge_keep_drives_order(
    pipeline: Pipeline, acorn: Holding, rest: Order
) -> None:
    """T10: the second no longer sees the first revision that the first delivery still stores."""
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    second = google.edit(file_id, b"two")
    google.edit(file_id, b"three")

    def purge_and_edit() -> None:
        google.edit(file_id, b"four")
        google.purge(file_id, second)

    twice_at_once(pipeline, acorn, file_id, (0, PERSON, *rest), purge_and_edit)
    contents = pipeline.contents(acorn.life, file_id)
    assert contents in ([b"one", b"three", b"four"], [b"one", b"two", b"three", b"four"])


@pytest.mark.parametrize("rest", all_orders(2, 5))
def test_a_document_that_says_again_what_it_said_before_is_not_taken_for_captured(
    pipeline: Pipeline, acorn: Holding, rest: Order
) -> None:
    """T9: the first delivery exported a state that was gone when the second one looked."""
    google = pipeline.world.google
    file_id = google.create_document("notes", acorn.folder_id, b"one")
    pipeline.settle()
    google.write(file_id, b"two")
    order = (0, 0, 0, 0, PERSON, *rest)
    twice_at_once(pipeline, acorn, file_id, order, lambda: google.write(file_id, b"one"))
    assert pipeline.contents(acorn.life, file_id)[-1] == b"one"


@pytest.mark.parametrize("rest", all_orders(3, 4))
def test_a_file_that_comes_back_while_it_is_found_lost_is_not_lost(
    pipeline: Pipeline, acorn: Holding, rest: Order
) -> None:
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.settle()
    google.trash(file_id)
    order = (0, PERSON, *rest)
    twice_at_once(pipeline, acorn, file_id, order, lambda: google.untrash(file_id))
    assert pipeline.history(acorn.life, file_id).lost is None
