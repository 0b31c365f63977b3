"""The ledger: what it knows of one epoch, or of a customer as a whole (epoch 0).

Fences, erasures and the audit are no part of this copy: they are the proof that it is gone. Orders
and plans of retention stay too; opaque ids are all they hold.
What only another object leads to is no thing of its own. It goes before that object, so that a
crash in between orphans nothing: the whereabouts of a file before its index object or quarantine
entry, the verdict on an entry before the entry.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from hashlib import md5
from itertools import chain
from typing import Any, TypeVar

import msgspec
from google.cloud import storage

from custody.adapters.copies.bucket import (
    BucketStore,
    Doomed,
    Generation,
    in_parallel,
)
from custody.adapters.copies.looking import Onlooker, Shown, behind, behind_name
from custody.domain import names
from custody.domain.erasure import Found, Horizon, Target, Thing
from custody.domain.quarantine import Quarantined
from custody.domain.vault import FileId, HoldingEpoch, Source
from custody.errors import ConflictError, CorruptError

T = TypeVar("T")
_QUARANTINE, _CLAIMS = "quarantine/", "registry/slugs/"
_ENTRY, _VERDICT = ".json", ".verdict"
_ABOUT_FILES = frozenset({"file", "moved-file"})
"""Kinds of quarantine entries whose reference is a file id."""
_ANY = Source("")
"""In a name, leaves the folder of all sources of a customer."""


class LedgerStore(BucketStore):
    """The Store port."""

    def close(self, target: Target) -> None:
        """Whoever writes the ledger asks the fence, which stands already."""

    def find(self, target: Target, after: str) -> Found:
        life = target.life
        return self._stretch((self._of_epoch if life.epoch else self._of_customer)(life, after))

    def delete(self, target: Target, things: Sequence[Thing]) -> None:
        self._clear_whereabouts(target.life, things)
        self._delete_verdicts(things)
        self._bucket.delete(things)

    def horizon(self, target: Target) -> Horizon:
        """By what stands under its own names; what these lead to went before them."""
        kept = map(self._bucket.soft_deleted, _places(target.life))
        return self._bucket.horizon(chain.from_iterable(kept))

    # What there is, in the order of names.

    def _of_epoch(self, life: HoldingEpoch, after: str) -> Iterator[Generation]:
        index, marks = _places(life)
        yield from self._bucket.generations(index, after)
        yield from self._bucket.generations(marks, after)
        yield from self._quarantined(life, after)

    def _of_customer(self, life: HoldingEpoch, after: str) -> Iterator[Generation]:
        holds, record, holdings = _places(life)
        yield from self._bucket.generations(holds, after)
        yield from self._quarantined(life, after)
        yield from self._bucket.generations(record, after)
        yield from self._bucket.generations(holdings, after)
        yield from self._claims(life, after)

    def _claims(self, life: HoldingEpoch, after: str) -> Iterator[Generation]:
        """A claim on a slug holds the id of who claimed it, and nothing else."""
        wanted = _md5(life.customer.encode())
        for one in self._bucket.generations(_CLAIMS, after):
            if (one.md5 or _md5(self._bucket.read(one) or b"")) == wanted:
                yield one

    def _quarantined(self, life: HoldingEpoch, after: str) -> Iterator[Generation]:
        """Entries are few; each says whose it is."""
        for one in self._bucket.generations(_QUARANTINE, after):
            entry = self._entry(one) if one.name.endswith(_ENTRY) else None
            if entry and _concerns(life, entry):
                yield one

    def _entry(self, one: Doomed) -> Quarantined | None:
        data = self._bucket.read(one)
        return None if data is None else _decode(data, Quarantined)

    # What goes before that which leads to it.

    def _delete_verdicts(self, things: Sequence[Thing]) -> None:
        entries = [one.name for one in things if one.name.startswith(_QUARANTINE)]
        self._bucket.delete(self._all(name.removesuffix(_ENTRY) + _VERDICT for name in entries))

    def _clear_whereabouts(self, life: HoldingEpoch, things: Sequence[Thing]) -> None:
        """Takes this epoch out of what is said of each file; what says nothing more is deleted."""
        found = self._all(map(names.whereabouts_name, sorted(self._files(life, things))))
        alone = _md5(msgspec.json.encode([life]))
        self._bucket.take_down([one for one in found if one.is_live and one.md5 == alone])
        shared = [one for one in found if one.is_live and one.md5 != alone]
        named = in_parallel(partial(self._take_out, life), shared)
        others = {one for one, was_named in zip(shared, named, strict=True) if not was_named}
        self._bucket.delete([one for one in found if one not in others])

    def _files(self, life: HoldingEpoch, things: Sequence[Thing]) -> set[FileId]:
        """The files that these things are about; one that never was captured may only wait."""
        index = names.index_prefix(life)
        known = {names.parse_index_name(one.name) for one in things if one.name.startswith(index)}
        entries = [self._entry(one) for one in things if one.name.startswith(_QUARANTINE)]
        waiting = (entry for entry in entries if entry and entry.kind in _ABOUT_FILES)
        return known | {FileId(entry.reference) for entry in waiting}

    def _take_out(self, life: HoldingEpoch, one: Generation) -> bool:
        """Writes what is said of a file without this epoch; whether it was named at all."""
        data = self._bucket.read(one)
        if data is None:
            raise ConflictError("the whereabouts of a file changed meanwhile: look again")
        lives = _decode(data, list[HoldingEpoch])
        left = [other for other in lives if other != life]
        if not left:
            self._bucket.take_down([one])
        elif left != lives:
            self._bucket.write(one.name, msgspec.json.encode(left), over=int(one.stamp))
        return left != lives

    def _all(self, wanted: Iterable[str]) -> list[Generation]:
        """All generations of these names."""
        found = in_parallel(lambda name: list(self._bucket.generations(name)), wanted)
        return list(chain.from_iterable(found))


def _places(life: HoldingEpoch) -> tuple[str, ...]:
    """The folders and names that are wholly this epoch's or this customer's."""
    if life.epoch:
        return names.index_prefix(life), names.mark_prefix(life)
    holds = names.hold_name(life.customer, _ANY)
    return holds, names.customer_name(life.customer), names.holding_name(life.customer, _ANY)


def _concerns(life: HoldingEpoch, entry: Quarantined) -> bool:
    """With the customer goes all that waits of it; with an epoch, what is not another epoch's."""
    if entry.customer != life.customer:
        return False
    return not life.epoch or (entry.source == life.source and entry.epoch in (None, life.epoch))


def _decode(data: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.MsgspecError as error:
        raise CorruptError("a record of the ledger is not what it promises: inspect it") from error


def _md5(data: bytes) -> str:
    """As a listing shows it. Says whether a content is the expected one without reading it."""
    return b64encode(md5(data, usedforsecurity=False).digest()).decode()


class LedgerWitness:
    """The Witness port. A whereabouts or verdict that was not cleared keeps what leads to it."""

    def __init__(self, client: storage.Client, bucket: str) -> None:
        self._onlooker = Onlooker(client, bucket)

    def remaining(self, target: Target, after: str, last: str | None) -> int:
        life = target.life
        seen = self._epoch(life, after, last) if life.epoch else self._customer(life, after, last)
        return sum(1 for _ in seen)

    def _epoch(self, life: HoldingEpoch, after: str, last: str | None) -> Iterator[Shown]:
        yield from self._below(names.index_prefix(life), after, last)
        yield from self._below(names.mark_prefix(life), after, last)
        for one, entry in self._entries(after, last):
            whose = (entry.get("customer"), entry.get("source"))
            if whose == (life.customer, life.source) and entry.get("epoch") in (None, life.epoch):
                yield one

    def _customer(self, life: HoldingEpoch, after: str, last: str | None) -> Iterator[Shown]:
        yield from self._below(names.hold_name(life.customer, _ANY), after, last)
        yield from self._below(names.holding_name(life.customer, _ANY), after, last)
        record = names.customer_name(life.customer)
        yield from self._onlooker.generations(record, behind_name(record), after, last)
        for one, entry in self._entries(after, last):
            if entry.get("customer") == life.customer:
                yield one
        for one in self._below(_CLAIMS, after, last):
            if self._onlooker.content(one) == life.customer.encode():
                yield one

    def _entries(self, after: str, last: str | None) -> Iterator[tuple[Shown, dict[str, Any]]]:
        for one in self._below(_QUARANTINE, after, last):
            data = self._onlooker.content(one) if one["name"].endswith(_ENTRY) else None
            if data is not None:
                yield one, json.loads(data)

    def _below(self, folder: str, after: str, last: str | None) -> Iterator[Shown]:
        return self._onlooker.generations(folder, behind(folder), after, last)
