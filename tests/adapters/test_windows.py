"""Contents shrink to what changed, come back byte for byte, and never fill the memory."""

import io
import random
import shutil
import subprocess
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.adapters.windows import (
    AHEAD_BYTES,
    WINDOW_BYTES,
    Content,
    Window,
    expand,
    shrink,
    verified,
)
from custody.errors import CorruptError
from shelf import MIB, in_chunks

ROW_BYTES = 64


def rows(seed: int, size: int) -> bytes:
    """Rows of hexadecimal noise, which zstd alone can only halve."""
    noise = random.Random(seed).randbytes(size // ROW_BYTES * (ROW_BYTES // 2 - 1))
    step = ROW_BYTES // 2 - 1
    return b"".join(
        noise[place : place + step].hex().encode() + b",\n" for place in range(0, len(noise), step)
    )


def changed(content: bytes, seed: int, share: float = 0.01) -> bytes:
    """Some rows rewritten, removed and inserted, all over the content."""
    pick = random.Random(seed)
    kept = [content[place : place + ROW_BYTES] for place in range(0, len(content), ROW_BYTES)]
    for place in sorted(pick.sample(range(len(kept)), int(len(kept) * share)), reverse=True):
        kept[place : place + 1] = pick.choice(
            [[], [rows(place, 64)], [kept[place], rows(place, 64)]]
        )
    return b"".join(kept)


def source(content: bytes) -> Content:
    return lambda: in_chunks(content)


def shrunk(content: bytes, base: bytes | None) -> tuple[list[Window], bytes]:
    pairs = list(shrink(in_chunks(content), None if base is None else source(base)))
    return [window for window, _ in pairs], b"".join(frame for _, frame in pairs)


def back(windows: list[Window], body: bytes, base: bytes | None) -> bytes:
    return b"".join(expand(io.BytesIO(body), windows, None if base is None else source(base)))


BASE = rows(1, 24 * MIB)
SHORT = rows(2, 300_000)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 255, 5000, WINDOW_BYTES, WINDOW_BYTES + 1])
@pytest.mark.parametrize("base_size", [None, 0, 1, 7, 8, 5000, WINDOW_BYTES + 1])
def test_every_size_comes_back_against_every_size(size: int, base_size: int | None) -> None:
    content, base = BASE[:size], None if base_size is None else BASE[:base_size]
    windows, body = shrunk(content, base)
    assert back(windows, body, base) == content


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=3000), base=st.binary(max_size=3000))
def test_any_bytes_come_back_against_any_other(content: bytes, base: bytes) -> None:
    windows, body = shrunk(content + base, base)
    assert back(windows, body, base) == content + base


MOVED = BASE[: 9 * MIB] + BASE[12 * MIB : 16 * MIB] + BASE[9 * MIB : 12 * MIB] + BASE[16 * MIB :]
# One of the places where a window is looked for shows a piece that stands far ahead in the base.
CHANCE = rows(16, 2 * MIB + MIB // 8) + BASE[10 * MIB :][:256] + rows(17, 2 * MIB)
# A block comes again that lies before the last stretch, after the base was searched and reopened.
EARLY = BASE[MIB + MIB // 8 :][: 3 * MIB // 4]
AGAIN = BASE[: 3 * MIB] + rows(18, 5 * MIB) + EARLY + BASE[3 * MIB :]
EDITS: dict[str, tuple[bytes, float]] = {
    # What changed, and how many of the new content's windows must find their place again.
    "rows changed all over": (changed(BASE, 3), 1.0),
    "rows inserted at the head": (rows(4, 3 * MIB) + BASE, 0.8),
    "rows removed at the head": (BASE[3 * MIB :], 1.0),
    "rows appended": (BASE + rows(5, MIB), 0.9),
    "a block inserted": (BASE[: 5 * MIB] + rows(6, 5 * MIB) + BASE[5 * MIB :], 0.8),
    "a block removed": (BASE[: 5 * MIB] + BASE[12 * MIB :], 1.0),
    "a block replaced": (BASE[: 5 * MIB] + rows(7, 6 * MIB) + BASE[11 * MIB :], 0.7),
    "a block moved": (MOVED, 0.7),
    "a block with a chance find": (BASE[: 4 * MIB] + CHANCE + BASE[4 * MIB :], 0.8),
    # Longer than what is held of the base at once.
    "an early block again": (AGAIN, 0.7),
    "much inserted at the head": (rows(8, 14 * MIB) + BASE, 0.6),
    "much inserted": (BASE[: 5 * MIB] + rows(9, 14 * MIB) + BASE[5 * MIB :], 0.6),
    "much removed at the head": (BASE[11 * MIB :], 0.5),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_did_not_change_is_found_wherever_it_went(edit: str) -> None:
    """T32: windows follow the drift of the content."""
    content, share = EDITS[edit]
    windows, body = shrunk(content, BASE)
    assert back(windows, body, BASE) == content
    found = [window for window in windows if window.base_size]
    assert len(found) >= share * len(windows)
    places = [window.base_offset for window in found]
    assert places == sorted(places)


def test_a_delta_costs_little_more_than_what_changed() -> None:
    """T32: without long-distance matching this would be as large as the content."""
    content = changed(BASE, 10, share=0.01)
    windows, body = shrunk(content, BASE)
    assert len(body) < 0.03 * len(shrunk(content, None)[1])
    assert all(window.base_size <= 2 * WINDOW_BYTES for window in windows)


def test_an_unrelated_content_needs_no_base() -> None:
    windows, body = shrunk(rows(11, 12 * MIB), BASE)
    assert not any(window.base_size for window in windows)
    assert body == shrunk(rows(11, 12 * MIB), None)[1]


def test_a_short_content_is_kept_as_a_delta_only_below_half() -> None:
    half_new = SHORT[:150_000] + rows(12, 150_000)
    mostly_old = SHORT[:270_000] + rows(13, 30_000)
    assert not shrunk(half_new, SHORT)[0][0].base_size
    assert shrunk(mostly_old, SHORT)[0][0].base_size


def test_a_small_change_in_every_row_still_makes_a_delta() -> None:
    before = b"".join(b"%d,%s,2026-11-22\n" % (n, rows(n, 64)[:40]) for n in range(300))
    windows, body = shrunk(before.replace(b"-22\n", b"-23\n"), before)
    assert windows[0].base_size
    assert len(body) < len(before) // 10


def never() -> Iterator[bytes]:
    raise AssertionError("the base was read")


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"])
def test_the_base_of_a_compressed_content_is_not_even_read(head: bytes) -> None:
    windows = [window for window, _ in shrink([head + SHORT], never)]
    assert not any(window.base_size for window in windows)


def test_the_base_of_a_full_version_is_not_read() -> None:
    windows, body = shrunk(SHORT, None)
    assert b"".join(expand(io.BytesIO(body), windows, never)) == SHORT


def damaged_frame(windows: list[Window], body: bytes) -> tuple[list[Window], bytes]:
    return windows, body[:20] + bytes(20) + body[40:]


def cut_body(windows: list[Window], body: bytes) -> tuple[list[Window], bytes]:
    return windows, body[:-1]


def shorter_window(windows: list[Window], body: bytes) -> tuple[list[Window], bytes]:
    first = windows[0]
    return [Window(0, first.size - 1, first.stored, first.base_offset, first.base_size)], body


def longer_window(windows: list[Window], body: bytes) -> tuple[list[Window], bytes]:
    first = windows[0]
    return [Window(0, first.size + 1, first.stored, first.base_offset, first.base_size)], body


@pytest.mark.parametrize("damage", [damaged_frame, cut_body, shorter_window, longer_window])
def test_a_body_that_does_not_fit_its_record_is_corrupt(
    damage: Callable[[list[Window], bytes], tuple[list[Window], bytes]],
) -> None:
    windows, body = damage(*shrunk(changed(SHORT, 14), SHORT))
    with pytest.raises(CorruptError):
        back(windows, body, SHORT)


def test_a_base_that_ends_too_early_is_corrupt() -> None:
    windows, body = shrunk(changed(SHORT, 14), SHORT)
    with pytest.raises(CorruptError):
        back(windows, body, SHORT[:-1000])


def test_a_stretch_that_moves_back_is_corrupt() -> None:
    windows, body = shrunk(BASE[: 2 * MIB] + rows(19, MIB), BASE)
    last = windows[-1]
    windows[-1] = Window(last.offset, last.size, last.stored, base_offset=0, base_size=8)
    with pytest.raises(CorruptError):
        back(windows, body, BASE)


def test_a_record_that_needs_a_base_and_names_none_is_corrupt() -> None:
    windows, body = shrunk(changed(SHORT, 14), SHORT)
    with pytest.raises(CorruptError):
        back(windows, body, None)


def test_a_content_that_is_not_what_was_stored_does_not_end_well() -> None:
    good = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # of "hello"
    assert b"".join(verified([b"hel", b"lo"], size_bytes=5, sha256=good)) == b"hello"
    for chunks, size in (([b"hallo"], 5), ([b"hello"], 6), ([b"hell"], 5)):
        with pytest.raises(CorruptError):
            list(verified(chunks, size_bytes=size, sha256=good))


def flow(size: int, seed: int) -> Iterator[bytes]:
    """A long content that differs from one of another seed in a few places of each MiB."""
    for number in range(size // MIB):
        chunk = bytearray(random.Random(number).randbytes(MIB))
        for place in range(seed, MIB, 50_000):
            chunk[place : place + 4] = b"mark"
        yield bytes(chunk)


def peak(size: int) -> int:
    tracemalloc.start()
    for _ in shrink(flow(size, 1), lambda: flow(size, 2000)):
        pass
    _, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return highest


def test_memory_does_not_grow_with_the_content() -> None:
    assert peak(48 * MIB) < min(1.2 * peak(16 * MIB), AHEAD_BYTES + 8 * WINDOW_BYTES)


@pytest.mark.skipif(shutil.which("zstd") is None, reason="needs the zstd command")
def test_the_stock_zstd_command_reads_a_frame(tmp_path: Path) -> None:
    """Standard frames, windowLog at most 27, the stretch of the base as --patch-from."""
    content = changed(BASE[: 3 * MIB], 15)
    windows, body = shrunk(content, BASE[: 3 * MIB])
    first = windows[0]
    (tmp_path / "stretch").write_bytes(BASE[first.base_offset :][: first.base_size])
    (tmp_path / "frame").write_bytes(body[: first.stored])
    told = subprocess.run(
        ["zstd", "-dc", "--patch-from", tmp_path / "stretch", tmp_path / "frame"],
        capture_output=True,
        check=True,
    )
    assert zlib.crc32(told.stdout) == zlib.crc32(content[: first.size])
