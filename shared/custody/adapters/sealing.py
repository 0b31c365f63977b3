"""Sealing with Tink: one keyset an epoch, one StreamingAEAD key in it, for all that is stored.

Associated data keeps apart what one key seals: a record cannot pass for a body, nor an object for
another one.
"""

import io
from typing import Literal, Protocol

import tink
from tink import proto_keyset_format, secret_key_access, streaming_aead

from custody.errors import CorruptError

Purpose = Literal["version", "record", "index"]


def associated(purpose: Purpose, name: str) -> bytes:
    """What is bound to a ciphertext: its purpose and the name of the object that it stands in."""
    return f"custody/{purpose}/v1|{name}".encode()


class Sink(Protocol):
    """Takes all that it is given, or raises."""

    def write(self, data: bytes, /) -> object: ...


class Source(Protocol):
    """Gives at most as many bytes as asked for, none at its end."""

    def read(self, size: int, /) -> bytes: ...


class Sealer:
    """One unwrapped keyset of one epoch. Lives for one delivery, never longer."""

    def __init__(self, keyset: bytes) -> None:
        streaming_aead.register()
        try:
            handle = proto_keyset_format.parse(keyset, secret_key_access.TOKEN)
            self._streaming = handle.primitive(streaming_aead.StreamingAead)
        except tink.TinkError as error:
            raise CorruptError(
                "an unwrapped keyset is not one: restore its wrapped copy"
            ) from error

    @staticmethod
    def generate() -> bytes:
        """A new keyset in the clear, to be wrapped at once."""
        streaming_aead.register()
        template = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
        handle = tink.new_keyset_handle(template)
        return bytes(proto_keyset_format.serialize(handle, secret_key_access.TOKEN))

    def seal(self, data: bytes, associated: bytes) -> bytes:
        """The ciphertext of something short."""
        sealed = io.BytesIO()
        writer = self.encrypting(sealed, associated)
        writer.write(data)
        writer.finish()
        return sealed.getvalue()

    def open(self, sealed: bytes, associated: bytes) -> bytes:
        """What was sealed. CorruptError for any other bytes, key or associated data."""
        return self.decrypting(io.BytesIO(sealed), associated).read()

    def encrypting(self, sink: Sink, associated: bytes) -> "EncryptingWriter":
        """Encrypts into a sink, which stays open: ending it is its owner's decision."""
        return EncryptingWriter(self._streaming, sink, associated)

    def decrypting(self, source: Source, associated: bytes) -> "DecryptingReader":
        """Decrypts from a source, which stays open."""
        return DecryptingReader(self._streaming, source, associated)


class EncryptingWriter:
    """A ciphertext that only `finish` ends.

    Tink ends a ciphertext whenever its stream is closed, by an exception or by garbage collection
    too, and what was cut off then decrypts cleanly (T26). So Tink writes into a basin of ours, and
    only our own calls carry on what collects there.
    """

    def __init__(
        self, streaming: streaming_aead.StreamingAead, sink: Sink, associated: bytes
    ) -> None:
        self._sink = sink
        self._basin = _Basin()
        self._stream = streaming.new_encrypting_stream(self._basin, associated)
        self._open = True

    def write(self, data: bytes) -> None:
        self._check_open()
        self._stream.write(data)
        self._carry()

    def finish(self) -> None:
        """Ends the ciphertext: what was written so far is all."""
        self._check_open()
        self._stream.close()
        self._carry()
        self._open = False

    def _check_open(self) -> None:
        if not self._open:
            raise ValueError("this ciphertext is finished or was broken off: begin another one")

    def _carry(self) -> None:
        self._open = False  # for good, if the sink raises: nobody knows how much it took
        for segment in self._basin.emptied():
            self._sink.write(segment)
        self._open = True


class _Basin(io.RawIOBase):
    """Collects ciphertext."""

    def __init__(self) -> None:
        super().__init__()
        self._segments: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override] # Tink gives bytes
        self._segments.append(data)
        return len(data)

    def emptied(self) -> list[bytes]:
        segments, self._segments = self._segments, []
        return segments


class DecryptingReader:
    """The plaintext of a source. A truncation shows at the end only: what came before is true."""

    def __init__(
        self, streaming: streaming_aead.StreamingAead, source: Source, associated: bytes
    ) -> None:
        self._source = _Spring(source)
        self._stream = streaming.new_decrypting_stream(self._source, associated)

    def read(self, size: int = -1) -> bytes:
        """As many bytes as asked for, fewer only at the end; all of them for -1."""
        try:
            return bytes(self._stream.read(size))
        except tink.TinkError as error:
            if self._source.failure:
                raise self._source.failure from error
            raise CorruptError(
                "a ciphertext is cut off, altered or under another key: restore another copy"
            ) from error


class _Spring(io.RawIOBase):
    """Passes a source to Tink, and remembers the error that Tink would hide behind its own."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self.failure: Exception | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            return self._source.read(size)
        except Exception as error:
            self.failure = error
            raise
