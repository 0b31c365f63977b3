"""The ledger's records: small JSON objects, read as what their kind promises, many written once."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from custody.adapters.objects import Bucket
from custody.errors import AlreadyExistsError, CorruptError, NotFoundError

T = TypeVar("T")


def decoded(data: bytes, shape: type[T], name: str) -> T:
    """CorruptError for anything else."""
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.MsgspecError as error:
        raise CorruptError(f"the ledger's {name} is not what it promises: inspect it") from error


def read(bucket: Bucket, name: str, shape: type[T]) -> T:
    """NotFoundError, CorruptError."""
    return decoded(bucket.read(name).data, shape, name)


def maybe(bucket: Bucket, name: str, shape: type[T]) -> T | None:
    """None where there is no such record."""
    try:
        return read(bucket, name, shape)
    except NotFoundError:
        return None


def once(bucket: Bucket, name: str, value: T, shape: type[T]) -> T:
    """Writes what may be written once; what stands there comes back, ours or another's."""
    try:
        bucket.create(name, msgspec.json.encode(value))
    except AlreadyExistsError:
        return read(bucket, name, shape)
    return value


def save(bucket: Bucket, name: str, value: object) -> None:
    """Writes over whatever stands there. ConflictError when somebody else does at once."""
    bucket.replace(name, msgspec.json.encode(value), generation=_generation(bucket, name))


def remove(bucket: Bucket, name: str) -> None:
    """One that is gone is no error."""
    if generation := _generation(bucket, name):
        bucket.delete(name, generation=generation)


def _generation(bucket: Bucket, name: str) -> int:
    """0 where nothing stands."""
    try:
        return bucket.read(name).generation
    except NotFoundError:
        return 0


def each(bucket: Bucket, names: Iterable[str], shape: type[T]) -> Iterator[T]:
    """All of these; one that is removed between listing and reading is no error."""
    found = (maybe(bucket, name, shape) for name in names)
    return (one for one in found if one is not None)
