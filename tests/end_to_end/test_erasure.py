"""A source of a customer is erased, then the customer: nothing of it is found, or comes back.

The story is told once, in the order of its fixtures; each keeps what was to be seen at its end.
"""

import json
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from custody.adapters.objects import storage_client
from custody.domain import names
from custody.domain.drive import FOLDER, SHORTCUT
from custody.domain.erasure import Copy, ErasureId
from custody.domain.receipt import Receipt
from custody.domain.request_erasure import erasure_id
from custody.domain.topology import ACK_DEADLINE_SECONDS, TIMERS
from custody.domain.vault import Customer, CustomerId, FileId, Holding, Source
from custody.steps.holdings import add_customer, open_holding
from end_to_end.hunting import ORGANIZER, Found, Hunt, canary, files_seen, read
from end_to_end.installation import CUSTODY, Installation
from samples import a_draft

ACORN, BIRCH = CustomerId("c-acornacornac"), CustomerId("c-birchbirchbi")
NAME = canary("display")
OWNER, GUEST, SENDER = (f"{canary(word)}@client.example" for word in ("owner", "guest", "sender"))
COLLEAGUES = "the folder of a colleague"

OF_THE_SOURCE = {
    canary(f"{word}{part}")
    for word in ("binary", "sheet", "inner", "outside", "trashed", "refused")
    for part in ("name", "content")
} | {canary(f"{word}name") for word in ("form", "link", "folder")}
"""Of the source that is erased first, what is ours to delete."""
OF_THE_CUSTOMER = {
    canary("stripename"),  # another source
    canary("stripecontent"),
    NAME,  # the registry, and the names of our folders
    canary("sender"),
}

REGISTRY = {"custody-ledger/registry", "disk of storage"}
SHOWN = {"disk of drive", "what we see in Drive"}
KEPT: Found = {
    # Moved into the other customer's folder by somebody who may: it is that customer's file now,
    # and captured there. The plan and the receipt say how many such files there are.
    canary("movedname"): SHOWN,
    canary("movedcontent"): SHOWN,
    # The Google account of whoever made that file.
    canary("guest"): SHOWN,
    # What the customer itself owns: we gave up our access, and see it no more.
    canary("ownfolder"): {"disk of drive"},
    canary("ownedname"): {"disk of drive"},
    canary("ownedcontent"): {"disk of drive"},
    # The Google account of its owner, and the share of the notice that told it so, for 30 days.
    canary("owner"): SHOWN,
}
"""All that may be left of the customer, where, and why."""
PROOF = {
    "custody-ledger/fences",  # what keeps anything from coming back
    "custody-ledger/erasures",  # what was asked, what was done, and the receipts
    f"custody-keys/{ACORN}",  # the marks of destroyed keysets
    "custody-audit/streams",  # what was done when
}
"""Where the opaque ids of a customer that is gone may stand."""


# Two customers, and what they share.


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Everything of some holdings, down to the byte."""

    stored: set[tuple[str, int, str]]
    shown: set[tuple[str, str, bytes]]
    versions: dict[FileId, list[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What was there before anything was erased."""

    custody: Installation
    hunt: Hunt
    hubspot: Holding
    """Of the source that is erased first; the others of the same customer follow."""
    stripe: Holding
    adopted: Holding
    birch: Holding
    """Of the other customer, by the same source."""
    found: Found
    files: frozenset[str]
    """The ids in Drive of all that is not the other customer's."""
    quarantined: list[str]
    rest: Rest


@pytest.fixture(scope="module")
def shared(installation: Installation) -> Shared:
    hunt = Hunt(installation)
    hunt.listen()
    acorn = add_customer(installation.office, NAME, customer=ACORN, mail_from=(SENDER,))
    birch = add_customer(installation.office, "Birch", customer=BIRCH)
    hubspot, stripe, other = (
        open_holding(installation.office, customer, Source(source))
        for customer, source in ((acorn, "hubspot"), (acorn, "stripe"), (birch, "hubspot"))
    )
    adopted = adopt(installation, acorn)
    installation.upload(stripe, name_of("stripe"), content_of("stripe"))
    installation.upload(other, "birch.csv", BIRCHES)
    fill(installation, hubspot)
    disturb(installation, hubspot, other)
    files = {file["id"] for file in files_seen(installation.as_person())}
    theirs = {file_id for file_id, _, _ in rest_of(installation, other).shown}
    return Shared(
        custody=installation,
        hunt=hunt,
        hubspot=hubspot,
        stripe=stripe,
        adopted=adopted,
        birch=other,
        found=hunt.find(),
        files=frozenset(files - theirs - {other.folder_id}),
        quarantined=sorted(one.kind for one in installation.world.quarantine.all()),
        rest=rest_of(installation, stripe, adopted, other),
    )


def name_of(word: str) -> str:
    return f"{canary(f'{word}name')}.csv"


def content_of(word: str) -> bytes:
    return f"{canary(f'{word}content')}\n".encode() * 90


BIRCHES = b"of somebody else\n" * 90


def adopt(custody: Installation, acorn: Customer) -> Holding:
    """A source whose folder the customer owns and shares with us."""
    owner = custody.as_person(OWNER)
    folder = custody.make(owner, {"name": canary("ownfolder"), "mimeType": FOLDER})
    custody.share(owner, folder, custody.ready["env"]["CUSTODY_SUBJECT"], "writer")
    custody.make(owner, {"name": name_of("owned"), "parents": [folder]}, content_of("owned"))
    return open_holding(custody.office, acorn, Source("intercom"), folder=folder)


def put(custody: Installation, folder: FileId, word: str) -> FileId:
    """As a guest of the customer's folder does."""
    body = {"name": name_of(word), "parents": [folder]}
    return custody.make(custody.as_person(GUEST), body, content_of(word))


def fill(custody: Installation, holding: Holding) -> None:
    """Things of every kind."""
    ours, above = custody.as_person(), {"parents": [holding.folder_id]}
    custody.share(ours, holding.folder_id, GUEST, "writer")
    binary = put(custody, holding.folder_id, "binary")
    folder = custody.make(ours, {"name": canary("foldername"), "mimeType": FOLDER, **above})
    put(custody, folder, "inner")
    custody.native(holding, "spreadsheet", name_of("sheet"), content_of("sheet"))
    custody.native(holding, "form", canary("formname"))
    link = {"mimeType": SHORTCUT, "shortcutDetails": {"targetId": binary}}
    custody.make(ours, {"name": canary("linkname"), **link, **above})
    custody.settle()
    custody.change(ours, binary, content_of("binary") * 2)


def disturb(custody: Installation, holding: Holding, other: Holding) -> None:
    """What people and accidents do: trashed, moved out, moved elsewhere, put into quarantine."""
    ours, source = custody.as_person(), holding.folder_id
    words = ("trashed", "outside", "refused", "moved")
    trashed, outside, refused, moved = (put(custody, source, word) for word in words)
    custody.settle()
    damage(custody, names.index_name(holding.life, refused))
    custody.change(ours, refused, content_of("refused") * 2)
    custody.settle()
    drive = custody.ready["env"]["CUSTODY_DRIVE_ID"]
    theirs = custody.make(ours, {"name": COLLEAGUES, "mimeType": FOLDER, "parents": [drive]})
    custody.change(ours, trashed, body={"trashed": True})
    for file_id, target in ((outside, theirs), (refused, theirs), (moved, other.folder_id)):
        custody.change(ours, file_id, addParents=target, removeParents=source)
    custody.settle()
    custody.share(ours, FileId(drive), ORGANIZER, "organizer")


def damage(custody: Installation, name: str) -> None:
    """What the index says of a file can be read no more."""
    ledger = storage_client(custody.ready["storage"]).bucket("custody-ledger")
    ledger.blob(name).upload_from_string(b"damaged")


def rest_of(custody: Installation, *holdings: Holding) -> Rest:
    api, index = custody.as_person(), custody.world.index
    return Rest(
        stored={
            (blob.name, blob.generation, blob.crc32c)
            for blob in Hunt(custody).objects()
            for one in holdings
            if f"{one.life.customer}/{one.life.source}/" in blob.name
        },
        shown={
            (file["id"], file["version"], read(api, file["id"]))
            for one in holdings
            for file in files_seen(api, f"'{one.folder_id}' in parents")
        },
        versions={
            file_id: custody.contents(one, file_id)
            for one in holdings
            for file_id in index.files(one.life)
        },
    )


# What becomes of them.


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What there was once an erasure was certified, and after all that might undo it."""

    receipt: Receipt
    found: Found
    found_later: Found
    rest_later: Rest
    receipt_later: Receipt | None
    erasures_later: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A customer that came back with one more file."""

    holding: Holding
    contents: dict[FileId, list[bytes]]
    keysets: set[str]


@pytest.fixture(scope="module")
def one_source(shared: Shared) -> Erased:
    erasure = ask(shared.custody, {"scope": "sources", "sources": ["hubspot"], "reason": "request"})
    return conclude(shared, erasure, shared.stripe, shared.adopted, shared.birch)


@pytest.fixture(scope="module")
def returned(shared: Shared, one_source: Erased) -> Returned:
    custody = shared.custody
    custody.command("holdings", "open", f"{NAME}/hubspot")
    holding = custody.world.registry.holding(ACORN, Source("hubspot"))
    file = custody.upload(holding, name_of("returned"), content_of("returned"))
    custody.expect(holding, file.file_id, content_of("returned"))
    shared.hunt.repeat()
    custody.settle()
    return Returned(
        holding=holding,
        contents=rest_of(custody, holding).versions,
        keysets={blob.name for blob in shared.hunt.objects() if blob.name.startswith(ACORN)},
    )


@pytest.fixture(scope="module")
def terminated(shared: Shared, returned: Returned) -> Erased:
    erasure = ask(shared.custody, {"scope": "all", "sources": [], "reason": "termination"})
    return conclude(shared, erasure, shared.birch)


def ask(custody: Installation, what: dict[str, Any], customer: CustomerId = ACORN) -> ErasureId:
    """The public message, as another system publishes it."""
    request_id = str(uuid.uuid4())
    request = {
        "regulation": "gdpr",
        "subject_request_id": request_id,
        "subject_request_type": "erasure",
        "submitted_time": datetime.now(UTC).isoformat(),
        "api_version": "2.0",
        "subject_identities": [
            {
                "identity_type": "controller_customer_id",
                "identity_value": customer,
                "identity_format": "raw",
            }
        ],
        "extensions": {"custody.datasmash.app": {**what, "plan": None}},
    }
    custody.publish("deletion-requests", (json.dumps(request).encode(), {}))
    return erasure_id(request_id)


def conclude(shared: Shared, erasure: ErasureId, *others: Holding) -> Erased:
    custody, hunt = shared.custody, shared.hunt
    custody.certify(erasure)
    receipt, found = custody.world.books.receipts.last(erasure), hunt.find()
    assert receipt
    tempt(custody, hunt)
    return Erased(
        receipt=receipt,
        found=found,
        found_later=hunt.find(),
        rest_later=rest_of(custody, *others),
        receipt_later=custody.world.books.receipts.last(erasure),
        erasures_later=len(list(custody.world.books.erasures.ids())),
    )


def tempt(custody: Installation, hunt: Hunt) -> None:
    """Whatever might bring something back: replays, dead letters, listings, a power cut, timers."""
    hunt.repeat()
    custody.publish("files-touched-dead", *hunt.said("files-touched"))
    custody.settle()
    custody.command("dead-letters", "replay")
    custody.command("reconcile", "run")
    custody.settle()
    custody.kill()
    custody.start()
    custody.settle()
    custody.advance(max(TIMERS.values()))
    custody.settle()


def test_the_canaries_were_really_fed(shared: Shared) -> None:
    """Else the hunt would find nothing for the wrong reason."""
    assert set(shared.found) == OF_THE_SOURCE | OF_THE_CUSTOMER | set(KEPT)
    assert set().union(*shared.found.values()) == REGISTRY | SHOWN
    assert len(shared.files) == 15
    assert shared.quarantined == ["file", "moved-file"]


def test_of_an_erased_source_nothing_is_found_anywhere(one_source: Erased) -> None:
    """Not in stores, on disks, in messages, dead letters or logs; what stays has its reason."""
    assert set(one_source.found) == OF_THE_CUSTOMER | set(KEPT)


def test_the_other_source_and_the_other_customer_stay_byte_for_byte(
    shared: Shared, one_source: Erased
) -> None:
    assert len(shared.rest.versions) == len(shared.rest.shown) == 4
    assert one_source.rest_later == shared.rest


def test_nothing_that_happens_again_brings_an_erased_source_back(one_source: Erased) -> None:
    """T25: every message and dead letter once more, listings, a power cut, every timer."""
    assert one_source.found_later == one_source.found
    assert one_source.receipt_later == one_source.receipt
    assert one_source.erasures_later == 1


def test_a_customer_that_returns_has_a_new_epoch_a_new_folder_and_a_new_keyset(
    shared: Shared, returned: Returned
) -> None:
    """T25: what was said of its earlier life changes nothing of this one."""
    assert returned.holding.life == replace(shared.hubspot.life, epoch=2)
    assert returned.holding.folder_id not in shared.files
    assert list(returned.contents.values()) == [[content_of("returned")]]
    place = f"{ACORN}/hubspot"
    assert {f"{place}/1.destroyed", f"{place}/2.keyset"} <= returned.keysets
    assert f"{place}/1.keyset" not in returned.keysets


def test_of_an_erased_customer_nothing_is_found_but_what_must_be_kept(terminated: Erased) -> None:
    """Not its name either. What it owns is its own, and what another customer has stays there."""
    assert terminated.found == KEPT


def test_the_ids_of_an_erased_customer_stand_in_its_proof_alone(
    shared: Shared, returned: Returned, terminated: Erased
) -> None:
    """T24: opaque ids, which lead to nobody any more."""
    ids = {ACORN, returned.holding.folder_id, *shared.files}
    assert shared.hunt.naming(*ids) == PROOF
    rows = shared.custody.command("customers", "ls")
    assert [row["customer"] for row in rows] == [BIRCH]


def test_nothing_that_happens_again_brings_an_erased_customer_back(terminated: Erased) -> None:
    """T18, T25: its request was among what happened again, and is the same erasure."""
    assert terminated.found_later == terminated.found
    assert terminated.receipt_later == terminated.receipt
    assert terminated.erasures_later == 2


def test_another_customer_has_all_that_it_had(
    shared: Shared, terminated: Erased, tmp_path: Path
) -> None:
    later, before = terminated.rest_later, shared.rest
    assert later.stored == {one for one in before.stored if BIRCH in one[0]}
    assert later.versions.items() <= before.versions.items()
    assert later.shown <= before.shown
    assert len(later.versions) == len(later.shown) == 2
    shared.custody.command("backups", "restore", "birch", "--to", tmp_path)
    restored = {path.name: path.read_bytes() for path in tmp_path.rglob("*.csv")}
    assert restored == {
        "birch.csv": BIRCHES,
        name_of("moved"): content_of("moved"),
    }


def test_what_the_customer_owns_is_left_to_it(shared: Shared, terminated: Erased) -> None:
    """T12: we gave up our access and deleted nothing."""
    owner = shared.custody.as_person(OWNER)
    seen = {file["name"]: file["id"] for file in files_seen(owner)}
    assert read(owner, seen[name_of("owned")]) == content_of("owned")
    assert canary("ownfolder") in seen


def test_a_receipt_is_checked_by_whoever_has_the_public_keys_and_nothing_else(
    shared: Shared, terminated: Erased, tmp_path: Path
) -> None:
    """In a process that knows no setting of ours, and no address."""
    receipt, keys = tmp_path / "receipt.jws", tmp_path / "keys.json"
    receipt.write_text(shared.custody.command("receipts", "get", terminated.receipt.erasure)["jws"])
    keys.write_text(json.dumps(shared.custody.command("receipts", "keys")))
    words = ("receipts", "verify", str(receipt), "--jwks", str(keys), "--format", "json")
    done = subprocess.run([*CUSTODY, *words], env={}, check=True, capture_output=True)
    told = json.loads(done.stdout)
    assert (told["valid"], told["erasure"]) == (True, terminated.receipt.erasure)


# Power cuts.


OBJECTS = 300


def test_an_erasure_that_the_power_went_off_in_again_and_again_is_certified_with_true_counts(
    custody: Installation, holding: Holding
) -> None:
    """T20: while it is taken on, while pages are written, while objects go, before the receipt."""
    life = holding.life
    sealer, deadline = custody.world.keys.unwrap(life), custody.world.now() + timedelta(hours=1)

    def store(number: int) -> None:
        custody.world.vault.store(
            a_draft(f"r{number}", life),
            lambda: iter([b"one"]),
            sealer=sealer,
            base=None,
            latest=None,
            deadline=deadline,
        )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store, range(OBJECTS)))
    what = {"scope": "all", "sources": [], "reason": "request"}
    cuts = [
        ("storage.objects.insert", "custody-ledger", 4),
        ("storage.objects.insert", "custody-ledger", 4),
        ("storage.objects.delete", "custody-vault", OBJECTS // 2),
        ("storage.objects.insert", "custody-audit", 2),
    ]
    erasure = None
    for method, bucket, skip in cuts:
        custody.fails(method, match=bucket, skip=skip, delay_seconds=60.0)
        erasure = erasure or ask(custody, what, life.customer)
        custody.hurry(partial(custody.hits, method))
        custody.kill()
        custody.start()
        custody.advance(ACK_DEADLINE_SECONDS)  # what was under way is delivered again
    assert erasure
    custody.certify(erasure)
    tracks = {one.copy: one for one in custody.world.books.tracks.of(erasure)}
    vault = tracks[Copy.VAULT]
    assert (vault.before, vault.deleted, vault.missing) == (OBJECTS, OBJECTS, 0)
    assert custody.stored(life) == []
