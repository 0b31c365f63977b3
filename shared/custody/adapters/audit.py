"""The audit trail in a bucket of its own: an object an entry, and none is ever written twice.

The name of an entry is its stream and number, so that of two that append at once one is refused.
Its hash stands beside it as metadata: one listing tells where every stream ends.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from custody.adapters.objects import Bucket
from custody.adapters.signing import verify
from custody.domain.audit import START, Checkpoint, Entry, Head, Subject, following, rfc3339
from custody.errors import ConflictError, CorruptError
from custody.ports import Signer

CHECKPOINT = "audit-checkpoint+jws"
"""The type under which checkpoints are signed."""
_STREAMS, _CHECKPOINTS = "streams/", "checkpoints/"
_SIGNED = ".jws"
_HASH = "custody-hash"
_TRIES = 10
"""An erasure has a writer for each copy. More than that at once is a bug."""


def parse_entry(data: bytes) -> Entry:
    """CorruptError for bytes that are not as an entry is written."""
    try:
        entry = msgspec.json.decode(data, type=Entry)
    except msgspec.MsgspecError as error:
        raise CorruptError("it is no entry") from error
    if entry.canonical() != data:
        raise CorruptError("it is not spelled as it was")
    return entry


def signed_checkpoint(signer: Signer, checkpoint: Checkpoint) -> str:
    return signer.sign(checkpoint.claims, CHECKPOINT)


def parse_checkpoint(jws: str, keys: dict[str, Any]) -> Checkpoint:
    """CorruptError for a checkpoint that none of these keys (a JWKS) signed."""
    return msgspec.json.decode(verify(jws, keys, CHECKPOINT), type=Checkpoint)


class BucketAudit:
    """Needs to create, read and list; never to delete or overwrite."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def note(self, stream: str, act: str, subject: Subject, at: datetime) -> None:
        """The next entry of a stream. One that repeats the last one is not written twice."""
        for _ in range(_TRIES):
            last = self._last(stream)
            if last and last.repeats(act, subject):
                return
            entry = following(last.head if last else START, stream, act, subject, at)
            name, told = _entry_name(stream, entry.number), {_HASH: entry.head.hash}
            try:
                self._bucket.replace(name, entry.canonical(), generation=0, metadata=told)
            except ConflictError:
                continue  # another writer was first: look again
            return
        raise ConflictError(f"too many write into the audit stream {stream} at once")

    def heads(self) -> dict[str, Head]:
        """Where each stream ends, as it was told when the last entry was written."""
        heads = {}
        for name, told in self._bucket.metadata(_STREAMS):
            stream, number = _parse_entry_name(name)
            heads[stream] = Head(number=number, hash=told.get(_HASH, ""))
        return heads

    def entries(self, stream: str) -> Iterator[Entry]:
        """From the first to the last. CorruptError at one that is not as it was written."""
        for name in self._bucket.names(_prefix(stream)):
            yield parse_entry(self._bucket.read(name).data)

    def sign_heads(self, signer: Signer, at: datetime) -> Checkpoint:
        """States for good where each stream ends now."""
        checkpoint = Checkpoint(at=at, heads=self.heads())
        name = f"{_CHECKPOINTS}{rfc3339(at)}{_SIGNED}"
        self._bucket.create(name, signed_checkpoint(signer, checkpoint).encode())
        return checkpoint

    def signed_at(self) -> datetime | None:
        """When the last checkpoint was signed."""
        last = deque(self._bucket.names(_CHECKPOINTS), maxlen=1)
        text = last[0].removeprefix(_CHECKPOINTS).removesuffix(_SIGNED) if last else None
        return datetime.fromisoformat(text) if text else None

    def checkpoints(self, keys: dict[str, Any]) -> Iterator[Checkpoint]:
        """The oldest first. CorruptError at one that none of these keys (a JWKS) signed."""
        for name in self._bucket.names(_CHECKPOINTS):
            jws = self._bucket.read(name).data.decode(errors="replace")
            yield parse_checkpoint(jws, keys)

    def _last(self, stream: str) -> Entry | None:
        names = list(self._bucket.names(_prefix(stream)))
        return parse_entry(self._bucket.read(names[-1]).data) if names else None


def _prefix(stream: str) -> str:
    return f"{_STREAMS}{quote(stream, safe='')}/"


def _entry_name(stream: str, number: int) -> str:
    """Eight digits, so that the order of names is that of entries."""
    return f"{_prefix(stream)}{number:08}"


def _parse_entry_name(name: str) -> tuple[str, int]:
    """The inverse of `_entry_name`. CorruptError for a name that we never gave."""
    stream, _, number = name.removeprefix(_STREAMS).partition("/")
    if not number.isdecimal() or _entry_name(unquote(stream), int(number)) != name:
        raise CorruptError("an object in the audit bucket has a name that custody never gives")
    return unquote(stream), int(number)
