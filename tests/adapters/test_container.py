"""An object says all of itself to whoever has its keyset, and nothing to anybody else."""

import msgspec
import pytest

from custody.adapters.container import (
    TAIL_BYTES,
    TRAILER,
    decode_record,
    encode_record,
    ending,
    read_record,
)
from custody.adapters.sealing import Sealer
from custody.adapters.windows import Window
from custody.errors import CorruptError
from shelf import MIB, Shelf, record_of

NAME = "c-aaaaaaaaaaaa/stripe/1/file/revision"


def test_a_record_comes_back_as_it_was_written() -> None:
    windows = [Window(0, 5, 4, 0, 0), Window(5, 3, 2, 1, 9)]
    record = record_of(b"content!", base="other", md5="0" * 32, depth=1, windows=windows)
    assert decode_record(encode_record(record)) == record


def test_a_record_with_fields_of_later_times_is_read() -> None:
    fields = msgspec.msgpack.decode(encode_record(record_of(b"content")))
    later = msgspec.msgpack.encode({**fields, "colour": "green"})
    assert decode_record(later) == record_of(b"content")


def test_a_window_with_fields_of_later_times_is_read() -> None:
    record = record_of(b"content", windows=[Window(0, 7, 16)])
    fields = msgspec.msgpack.decode(encode_record(record))
    fields["windows"] = [[*window, 99] for window in fields["windows"]]
    assert decode_record(msgspec.msgpack.encode(fields)) == record


@pytest.mark.parametrize("data", [b"", b"\xff", msgspec.msgpack.encode({"customer": "c"})])
def test_what_is_no_record_is_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptError):
        decode_record(data)


class Tail:
    """The end of an object, and how it was asked for."""

    def __init__(self, stored: bytes) -> None:
        self.stored = stored
        self.asked: list[int] = []

    def __call__(self, size: int) -> bytes:
        self.asked.append(size)
        return self.stored[-size:]


def test_a_record_is_found_with_one_read() -> None:
    shelf = Shelf()
    record = shelf.put(NAME, b"content" * MIB)
    tail = Tail(shelf.objects[NAME])
    found = read_record(tail, sealer=shelf.sealer, name=NAME)
    assert (found.record, tail.asked) == (record, [TAIL_BYTES])
    assert found.stored_bytes == len(shelf.objects[NAME])


def test_a_record_larger_than_one_read_is_found_with_a_second() -> None:
    sealer = Sealer(Sealer.generate())
    windows = [Window(2 * MIB * i, 2 * MIB, MIB, 2 * MIB * i, 2 * MIB) for i in range(5000)]
    record = record_of(b"", base="other", windows=windows)
    tail = Tail(b"body" + ending(record, body_bytes=4, sealer=sealer, name=NAME))
    found = read_record(tail, sealer=sealer, name=NAME)
    assert (found.record, found.body_bytes, len(tail.asked)) == (record, 4, 2)


def test_a_version_with_the_content_of_another_has_no_body() -> None:
    shelf = Shelf()
    shelf.put("twin", b"content" * MIB)
    shelf.put_same(NAME, "twin")
    assert shelf.described(NAME).body_bytes == 0
    assert len(shelf.objects[NAME]) < 1000
    assert b"".join(shelf.content(NAME)) == b"content" * MIB


def test_an_empty_content_comes_back() -> None:
    shelf = Shelf()
    shelf.put(NAME, b"")
    assert shelf.described(NAME).body_bytes == 0
    assert b"".join(shelf.content(NAME)) == b""


def test_nothing_about_a_content_stands_in_the_clear() -> None:
    shelf = Shelf()
    record = shelf.put(NAME, b"secret row\n" * 100)
    stored = shelf.objects[NAME]
    told = (record.customer, record.file_name, record.folder_path, record.sha256, "secret")
    assert not any(word.encode() in stored for word in told)


def test_an_object_under_another_name_is_refused() -> None:
    shelf = Shelf()
    shelf.put(NAME, b"content")
    shelf.objects["other"] = shelf.objects[NAME]
    with pytest.raises(CorruptError):
        shelf.described("other")


def test_an_object_cut_anywhere_near_its_end_is_refused() -> None:
    shelf = Shelf()
    shelf.put(NAME, b"content")
    whole = shelf.objects[NAME]
    for missing in range(1, len(whole) + 1):
        shelf.objects[NAME] = whole[:-missing]
        with pytest.raises(CorruptError):
            shelf.described(NAME)


def test_an_altered_trailer_cannot_pass_one_part_for_another() -> None:
    shelf = Shelf()
    shelf.put(NAME, b"content" * 1000)
    whole = shelf.objects[NAME]
    for place in range(len(whole) - TRAILER.size, len(whole)):
        shelf.objects[NAME] = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        with pytest.raises(CorruptError):
            b"".join(shelf.content(NAME))


def test_a_later_format_is_named_as_such() -> None:
    shelf = Shelf()
    shelf.put(NAME, b"content")
    shelf.objects[NAME] = shelf.objects[NAME][:-1] + b"\x02"
    with pytest.raises(CorruptError, match="format 2"):
        shelf.described(NAME)
