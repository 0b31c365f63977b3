"""Plain values of the glossary for tests; each names only what its test is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from custody.domain.channels import Channel
from custody.domain.drive import SHARED_DRIVE, DriveFile, Revision
from custody.domain.erasure import (
    Copy,
    CopyState,
    Erasure,
    ErasureId,
    Fence,
    Part,
    Reason,
    Scope,
    Track,
)
from custody.domain.names import version_name
from custody.domain.vault import (
    Customer,
    CustomerId,
    Draft,
    FileHistory,
    FileId,
    Holding,
    HoldingEpoch,
    HoldingState,
    Kind,
    RevisionId,
    Source,
    Version,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILE = FileId("file-one")
LIFE = HoldingEpoch(customer=CustomerId("c-abcdefghijkl"), source=Source("hubspot"), epoch=1)


def a_life(
    customer: str = "c-abcdefghijkl", source: str = "hubspot", epoch: int = 1
) -> HoldingEpoch:
    return HoldingEpoch(customer=CustomerId(customer), source=Source(source), epoch=epoch)


def a_customer(customer: str = "c-abcdefghijkl", slug: str = "acorn") -> Customer:
    return Customer(customer=CustomerId(customer), slug=slug, name=slug.title())


def a_holding(life: HoldingEpoch = LIFE, folder: str = "folder-one") -> Holding:
    return Holding(life=life, state=HoldingState.OPEN, folder_id=FileId(folder))


def a_fence(erasure: str = "e-one", closed_at: datetime = NOW) -> Fence:
    return Fence(erasure=ErasureId(erasure), closed_at=closed_at)


def an_erasure(*lives: HoldingEpoch, **known: Any) -> Erasure:
    """An erasure of these epochs, of LIFE where none is named."""
    values: dict[str, Any] = {
        "erasure": ErasureId("e-one"),
        "request_id": "7c0f1d2e-4b5a-4c6d-8e9f-0a1b2c3d4e5f",
        "customer": LIFE.customer,
        "scope": Scope.ALL,
        "reason": Reason.REQUEST,
        "requested_at": NOW,
        "deadline": NOW + timedelta(days=30),
        "parts": tuple(Part(life=life) for life in lives or (LIFE,)),
    }
    return Erasure(**values | known)


def a_track(
    copy: Copy = Copy.VAULT,
    state: CopyState = CopyState.FENCED,
    life: HoldingEpoch = LIFE,
    **known: Any,
) -> Track:
    """Where one copy stands in the erasure that closed its epoch NOW."""
    values: dict[str, Any] = {
        "erasure": ErasureId("e-one"),
        "life": life,
        "copy": copy,
        "by": ErasureId("e-one"),
        "fenced_at": NOW,
        "state": state,
        "since": NOW,
        "due_at": NOW + timedelta(hours=1),
    }
    return Track(**values | known)


def a_version(revision: str, drive_version: int = 1, behind: int = 0, **known: Any) -> Version:
    """A full version of FILE with Drive's place in the order."""
    life = known.get("life", LIFE)
    file_id = known.get("file_id", FILE)
    values: dict[str, Any] = {
        "name": version_name(life, file_id, RevisionId(revision)),
        "life": life,
        "file_id": file_id,
        "revision": RevisionId(revision),
        "drive_version": drive_version,
        "behind": behind,
        "file_name": "deals.csv",
        "folder_path": "",
        "content_type": "text/csv",
        "captured_at": NOW,
        "size_bytes": 3,
        "sha256": "0" * 64,
        "md5": None,
        "semantic": None,
        "kind": Kind.FULL,
        "base": None,
        "series": 0,
        "number": 0,
        "depth": 0,
        "stored_bytes": 3,
    }
    return Version(**values | known)


def a_draft(
    revision: str, life: HoldingEpoch = LIFE, file_id: FileId = FILE, **known: Any
) -> Draft:
    """A version before it is stored, of which Drive promised nothing."""
    values: dict[str, Any] = {
        "name": version_name(life, file_id, RevisionId(revision)),
        "life": life,
        "file_id": file_id,
        "revision": RevisionId(revision),
        "drive_version": 1,
        "behind": 0,
        "file_name": "deals.csv",
        "folder_path": "",
        "content_type": "text/csv",
        "captured_at": NOW,
        "size_bytes": None,
        "md5": None,
        "semantic": None,
        "series": 0,
        "number": 0,
    }
    return Draft(**values | known)


def a_history(*versions: Version, **known: Any) -> FileHistory:
    history = FileHistory(life=LIFE, file_id=FILE, **known)
    for version in versions:
        history = history.with_version(version)
    return history


def a_file(*revisions: str, version: int = 1, **known: Any) -> DriveFile:
    """A binary file with these revisions, oldest first."""
    kept = tuple(
        Revision(revision=RevisionId(name), size_bytes=3, md5="promised") for name in revisions
    )
    values: dict[str, Any] = {
        "file_id": FILE,
        "name": "deals.csv",
        "content_type": "text/csv",
        "parent": FileId("folder-one"),
        "version": version,
        "head": kept[-1].revision if kept else None,
        "revisions": kept,
    }
    return DriveFile(**values | known)


def a_channel(
    name: str = "channel-one", created_at: datetime = NOW, life: timedelta = timedelta(days=7)
) -> Channel:
    return Channel(
        channel=name,
        corpus=SHARED_DRIVE,
        resource="resource-one",
        address="https://push.example",
        created_at=created_at,
        expires_at=created_at + life,
    )
