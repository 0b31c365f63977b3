"""Events that name many files."""

from hypothesis import given
from hypothesis import strategies as st

from custody.domain.events import FILES_PER_EVENT, in_events
from custody.domain.vault import FileId
from samples import LIFE


@given(st.lists(st.text(min_size=1).map(FileId), max_size=170))
def test_every_file_is_named_in_as_few_events_as_hold_them_near_its_neighbours(
    file_ids: list[FileId],
) -> None:
    events = in_events(LIFE, file_ids)
    assert [one for event in events for one in event.file_ids] == sorted(file_ids)
    assert all(0 < len(event.file_ids) <= FILES_PER_EVENT for event in events)
    assert len(events) == -(-len(file_ids) // FILES_PER_EVENT)
    assert all(event.life == LIFE for event in events)
