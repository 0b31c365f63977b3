"""Contents to zstd frames and back, one frame a window, in constant memory.

A window of the new content is compressed with a stretch of the base's content as zstd prefix
(what `zstd --patch-from` does). The stretch is where the window's own bytes were found again:
rows inserted at the head shift all that follows. Stretches only ever move forward, so that both
directions read the base once, through a bounded buffer.
"""

import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import msgspec

from custody.domain.series import is_compressed, pays
from custody.errors import CorruptError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

WINDOW_BYTES = 1 << 20
# How far past a window's place its base is held, and how much before it.
AHEAD_BYTES = 8 << 20
BEHIND_BYTES = 2 << 20
# How much content goes by unfound before the rest of the base is searched for it.
PATIENCE_BYTES = 4 << 20
# What a stretch has more than was found, at either end.
SLACK_BYTES = 64 << 10

# A window is looked for by this many short pieces of it, first this close to where it should be.
PROBES = 16
PROBE_BYTES = 256
NEAR_BYTES = 128 << 10
SHORTEST_PREFIX = 8  # zstd takes no shorter one

_PARAMETER = zstd.CompressionParameter
_PLAIN: dict[int, int] = {_PARAMETER.compression_level: 3}
_LONG: dict[int, int] = {
    **_PLAIN,
    # A prefix gains nothing without long-distance matching (T32). It samples twice as densely as
    # by default: rows are short, and a tenth comes off the deltas.
    _PARAMETER.enable_long_distance_matching: 1,
    _PARAMETER.window_log: 22,
    _PARAMETER.ldm_hash_log: 16,
    _PARAMETER.ldm_hash_rate_log: 6,
}

Content = Callable[[], Iterator[bytes]]
"""Gives a content from its first byte, each time it is called."""


class Readable(Protocol):
    """A stream whose read gives as many bytes as asked for, fewer only at its end."""

    def read(self, size: int) -> bytes: ...


class Window(msgspec.Struct, frozen=True, array_like=True):
    """One piece of a content: its frame in the body, and the stretch of the base it needs."""

    offset: int
    size: int
    stored: int
    base_offset: int = 0
    base_size: int = 0
    """0 for a frame that needs no base."""


def shrink(content: Iterable[bytes], base: Content | None) -> Iterator[tuple[Window, bytes]]:
    """The windows of a content with their frames, which one after the other make the body."""
    offset, track = 0, None
    for data in _cut(content):
        if base and offset == 0 and not is_compressed(data):
            track = _Track(base)
        place, prefix = track.find(offset, data) if track else (0, b"")
        frame = _frame(data, prefix)
        # The first window is tried both ways, hence all of a content of one window. Later ones
        # get a prefix because they were found in it.
        if prefix and offset == 0 and not pays(len(frame), len(plain := _frame(data, b""))):
            place, prefix, frame = 0, b"", plain
        yield Window(offset, len(data), len(frame), place, len(prefix)), frame
        offset += len(data)


def expand(body: Readable, windows: Iterable[Window], base: Content | None) -> Iterator[bytes]:
    """The content of a body. What comes out is proven only by `verified`."""
    stretch = _Stretch(base or _nothing)
    for window in windows:
        # No local name keeps a window alive while the consumer works: a chain has six of these.
        yield _data(
            window, body.read(window.stored), stretch.cut(window.base_offset, window.base_size)
        )


def verified(content: Iterable[bytes], *, size_bytes: int, sha256: str) -> Iterator[bytes]:
    """The content, and CorruptError instead of its end when it is not what was stored."""
    size, digest = 0, hashlib.sha256()
    for data in content:
        size += len(data)
        digest.update(data)
        yield data
        del data  # not to be kept while the next is made
    if (size, digest.hexdigest()) != (size_bytes, sha256):
        raise CorruptError("the content is not what its record promises: restore another copy")


def _cut(content: Iterable[bytes]) -> Iterator[bytes]:
    """The content in pieces of one window each."""
    held = bytearray()
    for chunk in content:
        held += chunk
        while len(held) >= WINDOW_BYTES:
            yield bytes(memoryview(held)[:WINDOW_BYTES])
            del held[:WINDOW_BYTES]
    if held:
        yield bytes(held)


def _frame(data: bytes, prefix: bytes) -> bytes:
    if not prefix:
        return zstd.compress(data, options=_PLAIN)
    return zstd.compress(data, options=_LONG, zstd_dict=_as_prefix(prefix))


def _data(window: Window, frame: bytes, prefix: bytes) -> bytes:
    if len(prefix) < window.base_size:
        raise CorruptError("the base has not what a window needs of it: restore another copy")
    decompressor = zstd.ZstdDecompressor(zstd_dict=_as_prefix(prefix) if prefix else None)
    try:
        data = decompressor.decompress(frame, max_length=window.size + 1)
    except zstd.ZstdError as error:
        raise CorruptError("a frame is not what was stored: restore another copy") from error
    if len(data) != window.size or not decompressor.eof or decompressor.unused_data:
        raise CorruptError("a frame has another size than its record promises")
    return data


def _as_prefix(data: bytes) -> tuple[zstd.ZstdDict, int]:
    return zstd.ZstdDict(data, is_raw=True).as_prefix


def _nothing() -> Iterator[bytes]:
    return iter(())


class _Stretch:
    """The part of a base that is in memory. It moves forward as the base is read."""

    def __init__(self, base: Content) -> None:
        self._base = base
        self.rewind()

    def rewind(self) -> None:
        """Begin again at the base's first byte."""
        self._chunks: Iterator[bytes] | None = None
        self._held = bytearray()
        self.start = 0

    @property
    def end(self) -> int:
        return self.start + len(self._held)

    def hold(self, start: int, end: int) -> None:
        """Forget what lies before `start` and read on to `end`, or as far as the base goes."""
        self._forget(start)
        while self.end < end and self._read_on():
            self._forget(start)

    def _forget(self, start: int) -> None:
        past = min(max(start - self.start, 0), len(self._held))
        del self._held[:past]
        self.start += past

    def _read_on(self) -> bool:
        if self._chunks is None:
            self._chunks = self._base()
        chunk = next(self._chunks, None)
        self._held += chunk or b""
        return chunk is not None

    def cut(self, offset: int, size: int) -> bytes:
        """That much of the base, and nothing before it from now on; less where it is not there."""
        if not size or offset < self.start:
            return b""
        self.hold(offset, offset + size)
        return bytes(memoryview(self._held)[offset - self.start :][:size])

    def find(self, needle: bytes, place: int, reach: int) -> int | None:
        """Where the needle stands nearest to a place, looking ahead of it first."""
        place -= self.start
        found = self._held.find(needle, max(place, 0), max(place + reach, 0))
        if found < 0:
            found = self._held.rfind(needle, max(place - reach, 0), max(place + len(needle), 0))
        return None if found < 0 else found + self.start


class _Track:
    """Follows the new content along the base, window by window."""

    def __init__(self, base: Content) -> None:
        self._stretch = _Stretch(base)
        self._expected = 0  # where in the base the next window should begin
        self._floor = 0  # where the last stretch began: none may begin before it
        self._lost = 0  # how much content was not found since some last was
        self._patience = PATIENCE_BYTES

    def find(self, offset: int, data: bytes) -> tuple[int, bytes]:
        """The stretch of the base that resembles a window, by its place; empty if none does."""
        starts = self._nearby(data) or self._further_on(data)
        if not starts and offset == 0:
            starts = [0]  # small changes all over hide a short content from the probes
        return self._follow(starts, len(data)) if starts else (0, b"")

    def _follow(self, starts: list[int], size: int) -> tuple[int, bytes]:
        """The stretch that covers all the places where the window seems to begin."""
        place = max(min(starts) - SLACK_BYTES, self._floor, self._stretch.start)
        prefix = self._stretch.cut(place, max(starts) + size + SLACK_BYTES - place)
        self._floor, self._expected = place, starts[-1] + size
        self._lost, self._patience = 0, PATIENCE_BYTES
        return (place, prefix) if len(prefix) >= SHORTEST_PREFIX else (0, b"")

    def _nearby(self, data: bytes) -> list[int]:
        """Where the window begins in the base, once for each of its probes that was found."""
        start, end = self._expected - BEHIND_BYTES, self._expected + len(data)
        self._stretch.hold(max(start, self._floor), end + NEAR_BYTES)
        starts = self._probed(data, PROBES, NEAR_BYTES)
        if len(starts) * 4 < PROBES:
            self._stretch.hold(max(start, self._floor), end + AHEAD_BYTES)
            starts += self._probed(data, PROBES // 2, self._stretch.end)
        return _agreeing(starts)

    def _probed(self, data: bytes, count: int, reach: int) -> list[int]:
        starts, start = [], self._expected
        for offset in range(0, len(data) - PROBE_BYTES + 1, max(len(data) // count, 1)):
            probe = data[offset : offset + PROBE_BYTES]
            found = self._stretch.find(probe, start + offset, reach)
            if found is not None:
                start = found - offset
                starts.append(start)
        return starts

    def _further_on(self, data: bytes) -> list[int]:
        """Look through all that follows in the base, now and then while we are lost.

        Meanwhile the base waits: after an insertion of any length the content goes on there. A
        deletion longer than what is held is found by this, at the price of reading the base again.
        """
        self._lost += len(data)
        if self._lost < self._patience:
            return []
        self._patience *= 4
        waiting = self._expected
        while self._expected < self._stretch.end:
            self._expected += AHEAD_BYTES
            if starts := self._nearby(data):
                return starts
        self._stretch.rewind()
        self._expected = waiting
        return []


def _agreeing(starts: list[int]) -> list[int]:
    """Those close to the middle one. One alone may be chance: some text stands in many places."""
    middle = sorted(starts)[len(starts) // 2] if starts else 0
    close = [start for start in starts if abs(start - middle) <= WINDOW_BYTES // 4]
    return close if len(close) > 1 else []
