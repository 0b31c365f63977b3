"""What is sealed opens whole, in its own place, under its own key, or not at all."""

import gc
import io
from collections.abc import Iterator

import pytest

from custody.adapters.sealing import EncryptingWriter, Sealer, associated
from custody.errors import CorruptError, UnavailableError

MIB = 1 << 20
HERE = associated("version", "c-1/stripe/1/file/revision")


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(Sealer.generate())


def breaking_after(size: int) -> Iterator[bytes]:
    """A line that breaks."""
    for _ in range(size // MIB):
        yield b"r" * MIB
    raise UnavailableError("the line broke")


def carry(chunks: Iterator[bytes], writer: EncryptingWriter) -> None:
    for chunk in chunks:
        writer.write(chunk)
    writer.finish()


@pytest.mark.parametrize("size", [0, 1, 500, MIB, 3 * MIB + 17])
def test_what_is_sealed_opens_again(sealer: Sealer, size: int) -> None:
    data = b"s" * size
    assert sealer.open(sealer.seal(data, HERE), HERE) == data


def test_the_same_keyset_opens_it_in_another_process() -> None:
    keyset = Sealer.generate()
    assert Sealer(keyset).open(Sealer(keyset).seal(b"data", HERE), HERE) == b"data"


def test_the_same_data_never_looks_the_same(sealer: Sealer) -> None:
    assert sealer.seal(b"data", HERE) != sealer.seal(b"data", HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [associated("record", "c-1/stripe/1/file/revision"), associated("version", "c-1/stripe/2/f/r")],
)
def test_what_is_sealed_opens_nowhere_else(sealer: Sealer, elsewhere: bytes) -> None:
    with pytest.raises(CorruptError):
        sealer.open(sealer.seal(b"data", HERE), elsewhere)


def test_another_keyset_opens_nothing(sealer: Sealer) -> None:
    with pytest.raises(CorruptError):
        Sealer(Sealer.generate()).open(sealer.seal(b"data", HERE), HERE)


def test_no_altered_byte_goes_unnoticed(sealer: Sealer) -> None:
    sealed = sealer.seal(b"data", HERE)
    for place in range(len(sealed)):
        altered = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(CorruptError):
            sealer.open(altered, HERE)


@pytest.mark.parametrize("kept", [0, 1, 40, 41, MIB - 1, MIB, 2 * MIB, 3 * MIB])
def test_no_truncation_goes_unnoticed(sealer: Sealer, kept: int) -> None:
    """MIB and its multiples are where Tink's segments end."""
    sealed = sealer.seal(b"d" * (3 * MIB), HERE)
    with pytest.raises(CorruptError):
        sealer.open(sealed[:kept], HERE)


def test_what_is_no_keyset_is_refused() -> None:
    with pytest.raises(CorruptError):
        Sealer(b"not a keyset")


def test_a_source_that_breaks_leaves_nothing_that_opens(sealer: Sealer) -> None:
    """T26: an error after 3 MiB must not end the ciphertext."""
    sink = io.BytesIO()
    writer = sealer.encrypting(sink, HERE)
    with pytest.raises(UnavailableError):
        carry(breaking_after(3 * MIB), writer)
    del writer
    gc.collect()
    assert len(sink.getvalue()) >= MIB
    with pytest.raises(CorruptError):
        sealer.open(sink.getvalue(), HERE)


def test_a_forgotten_writer_leaves_nothing_that_opens(sealer: Sealer) -> None:
    """T26: Tink ends the ciphertext when its stream is collected as garbage; ours does not."""
    sink = io.BytesIO()
    sealer.encrypting(sink, HERE).write(b"w" * (3 * MIB))
    written = len(sink.getvalue())
    gc.collect()
    assert len(sink.getvalue()) == written
    with pytest.raises(CorruptError):
        sealer.open(sink.getvalue(), HERE)


class FailingSink:
    """Takes some bytes, then none."""

    def __init__(self, takes: int) -> None:
        self.left = takes

    def write(self, data: bytes) -> int:
        self.left -= len(data)
        if self.left < 0:
            raise UnavailableError("the upload broke")
        return len(data)


def test_a_sink_that_fails_is_reported_as_itself_and_ends_the_writing(sealer: Sealer) -> None:
    """T26: after a failed write nothing more goes out, the last segment least of all."""
    sink = FailingSink(takes=2 * MIB)
    writer = sealer.encrypting(sink, HERE)
    with pytest.raises(UnavailableError):
        carry(iter([b"w" * MIB] * 5), writer)
    left = sink.left
    with pytest.raises(ValueError, match="broken off"):
        writer.finish()
    del writer
    gc.collect()
    assert sink.left == left


def test_a_finished_ciphertext_takes_no_more(sealer: Sealer) -> None:
    writer = sealer.encrypting(io.BytesIO(), HERE)
    writer.finish()
    with pytest.raises(ValueError, match="finished"):
        writer.write(b"more")


def test_a_finished_ciphertext_leaves_its_sink_open(sealer: Sealer) -> None:
    """The record follows the body into the same upload."""
    sink = io.BytesIO()
    writer = sealer.encrypting(sink, HERE)
    writer.write(b"body")
    writer.finish()
    del writer
    gc.collect()
    body = len(sink.getvalue())
    sink.write(b"what follows")
    assert sealer.open(sink.getvalue()[:body], HERE) == b"body"


class FailingSource(io.BytesIO):
    """Gives some bytes, then breaks."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data:
            raise UnavailableError("the download broke")
        return data


@pytest.mark.parametrize("given", [0, 10, 2 * MIB])
def test_a_source_that_breaks_is_not_called_corrupt(sealer: Sealer, given: int) -> None:
    """A broken line is retried; a corrupt object never is."""
    sealed = sealer.seal(b"d" * (3 * MIB), HERE)
    reader = sealer.decrypting(FailingSource(sealed[:given]), HERE)
    with pytest.raises(UnavailableError):
        reader.read()


def test_a_plaintext_is_read_in_pieces_of_the_size_asked_for(sealer: Sealer) -> None:
    data = bytes(range(256)) * (3 * MIB // 256)
    reader = sealer.decrypting(io.BytesIO(sealer.seal(data, HERE)), HERE)
    pieces = list(iter(lambda: reader.read(700_001), b""))
    assert {len(piece) for piece in pieces[:-1]} == {700_001}
    assert b"".join(pieces) == data
