"""The index on a bucket: what an earlier custody wrote is read by a later one."""

import msgspec

from custody.domain.vault import FileHistory, Missed, Named
from samples import NOW, a_history, a_version

SINCE_THEN = ("named", "pruned")
"""Fields that the first records did not have."""


def test_a_record_of_an_earlier_custody_is_read() -> None:
    gap = Missed(revision=None, reason="purged", seen_at=NOW)
    history = a_history(a_version("r1"), file_name="deals.csv", seen_version=3, missed=(gap,))
    written = msgspec.to_builtins(history)
    for field in SINCE_THEN:
        del written[field]
    stored = msgspec.msgpack.encode(written)
    assert msgspec.msgpack.decode(stored, type=FileHistory) == history


def test_names_are_written_and_read() -> None:
    name = Named(since=NOW, file_name="größe.csv", folder_path="crm")
    history = a_history(a_version("r1"), named=(name,))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(history), type=FileHistory) == history
