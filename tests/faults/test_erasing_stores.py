"""Stores and witnesses on a Cloud Storage that refuses, is busy, or loses its answers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

import pytest
from google.cloud import storage

from custody.adapters.copies.keys import KeysStore, KeysWitness
from custody.adapters.copies.ledger import LedgerStore
from custody.adapters.copies.vault import VaultStore, VaultWitness
from custody.adapters.objects import storage_client
from custody.domain import names
from custody.domain.erasure import ErasureId, Target
from custody.domain.vault import FileHistory, FileId, Holding, RevisionId
from custody.errors import (
    ConflictError,
    CustodyError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
)
from faults.rig import Rig
from faults.shelf import VAULT
from localcloud.faults import Rule
from samples import a_life

KEYS, LEDGER = "custody-keys", "custody-ledger"
NO_RIGHT = {
    "status": 403,
    "reason": "forbidden",
    "message": "nobody@example does not have storage.objects.delete access to the object.",
}
HELD = {
    "status": 403,
    "reason": "forbidden",
    "message": "Object 'b/n' is under active Temporary hold and cannot be deleted, overwritten or "
    "archived until hold is removed.",
}
COUNT = 5


class Shelved:
    """A few objects of one epoch in the vault, and who erases them."""

    def __init__(self, rig: Rig, holding: Holding, bucket: storage.Bucket) -> None:
        self.target = Target(erasure=ErasureId("e-one"), life=holding.life)
        client = storage_client(rig.storage.url)
        self.store = VaultStore(client, VAULT, rig.world.now)
        self.witness = VaultWitness(client, VAULT)
        for number in range(COUNT):
            name = names.version_name(holding.life, FileId("file"), RevisionId(f"r{number}"))
            bucket.blob(name).upload_from_string(b"x")
        self.things = self.store.find(self.target, "").things

    def delete(self) -> None:
        self.store.delete(self.target, self.things)

    def find(self) -> int:
        return len(self.store.find(self.target, "").things)

    def remaining(self) -> int:
        return self.witness.remaining(self.target, "", None)

    def horizon(self) -> object:
        return self.store.horizon(self.target)

    def close(self) -> None:
        self.store.close(self.target)


@pytest.fixture
def shelved(rig: Rig, holding: Holding, bucket: storage.Bucket) -> Shelved:
    return Shelved(rig, holding, bucket)


ASKED: list[tuple[str, Callable[[Shelved], object]]] = [
    ("storage.objects.delete", Shelved.delete),
    ("storage.objects.list", Shelved.find),
    ("storage.objects.list", Shelved.remaining),
    ("storage.buckets.get", Shelved.horizon),
    ("storage.multipartUploads.list", Shelved.close),
]


@pytest.mark.parametrize(("method", "ask"), ASKED)
def test_a_missing_right_is_refused_and_not_swallowed(
    rig: Rig, shelved: Shelved, method: str, ask: Callable[[Shelved], object]
) -> None:
    """No redelivery brings a right: a person is told."""
    rig.fails(method, **NO_RIGHT)
    with pytest.raises(RefusedError, match="no right"):
        ask(shelved)
    ask(shelved)


@pytest.mark.parametrize("skip", range(COUNT))
def test_one_call_that_is_refused_in_a_batch_is_told(rig: Rig, shelved: Shelved, skip: int) -> None:
    """The batch as a whole is answered with 200."""
    rig.fails("storage.objects.delete", skip=skip, **NO_RIGHT)
    with pytest.raises(RefusedError):
        shelved.delete()
    (left,) = shelved.store.find(shelved.target, "").things
    assert left == shelved.things[skip]
    assert shelved.remaining() == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (HELD, ConflictError),
        ({"status": 403, "reason": "retentionPolicyNotMet"}, ConflictError),
        ({"status": 403, "reason": "objectUnderActiveHold"}, ConflictError),
        ({"status": 403, "reason": "rateLimitExceeded"}, RateLimitedError),
        ({"status": 412, "reason": "conditionNotMet"}, ConflictError),
        ({"status": 400, "reason": "invalid"}, UnavailableError),
        ({"status": 401, "reason": "required"}, UnavailableError),
        ({"status": 404, "message": "The specified bucket does not exist."}, UnavailableError),
    ],
)
def test_every_other_refusal_has_its_meaning(
    rig: Rig, shelved: Shelved, fault: dict[str, Any], error: type[CustodyError]
) -> None:
    """T15: a 403 has opposite meanings."""
    rig.fails("storage.objects.delete", skip=2, **fault)
    with pytest.raises(error):
        shelved.delete()
    assert shelved.find() == shelved.remaining() == 1


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize(("method", "ask"), ASKED)
def test_a_busy_service_is_asked_again(
    rig: Rig, shelved: Shelved, method: str, ask: Callable[[Shelved], object], status: int
) -> None:
    rig.fails(method, status=status)
    ask(shelved)
    assert rig.hits() == 1


def test_what_a_busy_service_left_of_a_batch_is_deleted_again(rig: Rig, shelved: Shelved) -> None:
    rig.fails("storage.objects.delete", skip=1, times=3, status=503)
    shelved.delete()
    assert shelved.find() == shelved.remaining() == 0


@pytest.mark.parametrize("cut", ["before", "after", "body"])
def test_a_lost_answer_is_no_error(rig: Rig, shelved: Shelved, cut: Any) -> None:
    """T27: the batch is sent again, and what it had deleted is gone."""
    rig.storage.faults.add(Rule(method="batch", cut=cut))
    shelved.delete()
    assert rig.hits() == 1
    assert shelved.find() == shelved.remaining() == 0


@pytest.mark.parametrize("ask", [Shelved.find, Shelved.remaining])
@pytest.mark.parametrize("cut", ["before", "after", "body"])
def test_a_torn_listing_is_read_again(
    rig: Rig, shelved: Shelved, ask: Callable[[Shelved], int], cut: Any
) -> None:
    """T7: half a listing would look like half of it gone."""
    rig.fails("storage.objects.list", cut=cut)
    assert ask(shelved) == COUNT


def test_a_mark_whose_answer_was_lost_stands(rig: Rig, holding: Holding) -> None:
    """T27: our own write, which comes back as somebody else's."""
    target = Target(erasure=ErasureId("e-one"), life=holding.life)
    client = storage_client(rig.storage.url)
    rig.fails("storage.objects.insert", cut="after")
    KeysStore(client, KEYS, rig.world.now).close(target)
    assert KeysWitness(client, KEYS).remaining(target, "", None) == 1


def test_a_mark_that_nobody_may_make_is_refused(rig: Rig, holding: Holding) -> None:
    target = Target(erasure=ErasureId("e-one"), life=holding.life)
    store = KeysStore(storage_client(rig.storage.url), KEYS, rig.world.now)
    rig.fails("storage.objects.insert", **NO_RIGHT)
    with pytest.raises(RefusedError):
        store.close(target)


def test_an_upload_that_ended_meanwhile_is_no_error(rig: Rig, shelved: Shelved) -> None:
    name = names.version_name(shelved.target.life, FileId("file"), RevisionId("new"))
    begun = storage_client(rig.storage.url)._http.post(f"{rig.storage.url}/{VAULT}/{name}?uploads")
    assert begun.ok
    rig.fails("storage.multipartUploads.abort", status=404, reason="notFound")
    shelved.close()
    assert rig.hits() == 1


def test_a_file_that_another_epoch_notes_meanwhile_keeps_its_whereabouts(
    rig: Rig, holding: Holding
) -> None:
    """Between the look and the deletion: whoever noted the file in between is not forgotten."""
    life, other, file_id = holding.life, a_life("c-birch"), FileId(f"file of {holding.life}")
    index, sealer = rig.world.index, rig.world.keys.unwrap(life)
    index.note_whereabouts(file_id, life)
    index.write(FileHistory(life=life, file_id=file_id), stamp=0, sealer=sealer)
    target = Target(erasure=ErasureId("e-one"), life=life)
    store = LedgerStore(storage_client(rig.storage.url), LEDGER, rig.world.now)
    things = store.find(target, "").things
    rig.fails("storage.objects.delete", match="index%2Ffiles", delay_seconds=2)
    with ThreadPoolExecutor() as pool:
        deleting = pool.submit(store.delete, target, things)
        while not rig.hits():
            sleep(0.01)  # it has looked, and is about to delete
        index.note_whereabouts(file_id, other)
        with pytest.raises(ConflictError):
            deleting.result()
    assert store.find(target, "").things == things, "what leads to it stands"
    store.delete(target, things)
    assert list(index.whereabouts(file_id)) == [other]
    assert not store.find(target, "").things
