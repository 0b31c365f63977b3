"""The one place that reads the environment and picks adapters, each made on first use.

A function imports what it uses and no more: every adapter is imported where it is made.
"""

import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from custody import logs
from custody.settings import Settings

if TYPE_CHECKING:
    from google.auth.transport.requests import AuthorizedSession
    from google.cloud import storage

    from custody.adapters.audit import BucketAudit
    from custody.adapters.changes import DriveChanges
    from custody.adapters.drive import GoogleDrive
    from custody.adapters.drive_api import DriveApi
    from custody.adapters.erasures import BucketHolds
    from custody.adapters.folders import DriveFolders
    from custody.adapters.index import BucketIndex
    from custody.adapters.keys import BucketKeys
    from custody.adapters.kms_signing import CloudSigner
    from custody.adapters.ledger import (
        BucketChannels,
        BucketCursors,
        BucketFences,
        BucketQuarantine,
        BucketRegistry,
    )
    from custody.adapters.objects import Bucket
    from custody.adapters.pubsub import PubSub
    from custody.adapters.signing import LocalSigner
    from custody.adapters.vault import BucketVault
    from custody.domain.erasure import Copy
    from custody.ports import Kek, Store, Witness
    from custody.steps.books import Books
    from custody.steps.erase import Erase
    from custody.steps.plan_erasure import Planning
    from custody.steps.request_erasure import Request
    from custody.steps.versions import Capture

BYTES_PER_SECOND = 16 << 20
"""The pace at which a capture surely reads, compresses, encrypts and writes, on one core.

It bounds what one delivery takes on: 540 s make 8.4 GiB. Larger files are captured by the same
code from the command line, `custody files capture`.
"""
DEADLINE_MARGIN = timedelta(seconds=30)
"""How long before a function's time-out a writer sends no last byte any more."""


T = TypeVar("T")


class _OnFirstUse(dict["Copy", T]):
    """Makes what is asked for, once: a function that erases one copy connects to that one."""

    def __init__(self, make: Callable[["Copy"], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, copy: "Copy") -> T:
        return self.setdefault(copy, self._make(copy))


class Cloud:
    """The real world: Google's services, or whatever the endpoints in the settings name."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def now(self) -> datetime:
        """The time; on the local cloud the one that its servers go by."""
        return datetime.now(UTC) + timedelta(seconds=self._clock_offset())

    def _clock_offset(self) -> float:
        path = self.settings.text("CUSTODY_CLOCK_FILE")
        return float(Path(path).read_text()) if path and Path(path).exists() else 0.0

    def deadline(self, timeout_seconds: int) -> datetime:
        """Until when a delivery that begins now may write."""
        return self.now() + timedelta(seconds=timeout_seconds) - DEADLINE_MARGIN

    def capture(self, timeout_seconds: int) -> "Capture":
        """The ports of one capture run that may last so long."""
        from custody.steps.versions import Capture

        return Capture(
            drive=self.drive,
            vault=self.vault,
            keys=self.keys,
            registry=self.registry,
            fences=self.fences,
            index=self.index,
            publisher=self.publisher,
            quarantine=self.quarantine,
            clock=self.now,
            deadline=self.deadline(timeout_seconds),
            largest_bytes=timeout_seconds * BYTES_PER_SECOND,
        )

    @property
    def request(self) -> "Request":
        """What takes a deletion request on."""
        from custody.steps.request_erasure import Request

        large = self.settings.number("CUSTODY_FOUR_EYES_OBJECTS")
        return Request(
            books=self.books,
            deadline=timedelta(days=self.settings.number("CUSTODY_ERASURE_DEADLINE_DAYS")),
            four_eyes_objects=large if self.settings.is_on("CUSTODY_FOUR_EYES") else None,
            clock=self.now,
        )

    @property
    def erase(self) -> "Erase":
        """What moves copies one step."""
        from custody.steps.erase import Erase

        return Erase(
            books=self.books,
            stores=_OnFirstUse(self._store),
            witnesses=_OnFirstUse(self._witness),
            signer=self.signer,
            quiescence=timedelta(seconds=self.settings.number("CUSTODY_QUIESCENCE_SECONDS")),
            clock=self.now,
        )

    @property
    def planning(self) -> "Planning":
        """What shows a person what an erasure would do."""
        from custody.steps.plan_erasure import Planning

        return Planning(books=self.books, stores=_OnFirstUse(self._store), clock=self.now)

    def _store(self, copy: "Copy") -> "Store":
        """A copy as it is erased; the function of each copy imports its own alone."""
        match copy.value:
            case "vault":
                from custody.adapters.copies.vault import VaultStore

                return VaultStore(self.storage, self._named("VAULT"), self.now)
            case "keys":
                from custody.adapters.copies.keys import KeysStore

                return KeysStore(self.storage, self._named("KEYS"), self.now)
            case "ledger":
                from custody.adapters.copies.ledger import LedgerStore

                return LedgerStore(self.storage, self._named("LEDGER"), self.now)
            case "drive":
                from custody.adapters.copies.drive import DriveStore

                return DriveStore(
                    self._organizers_drive_api,
                    self._guests_drive_api,
                    drive_id=self.settings.text("CUSTODY_DRIVE_ID"),
                    index=self.index,
                    quarantine=self.quarantine,
                    registry=self.registry,
                    clock=self.now,
                )

    def _witness(self, copy: "Copy") -> "Witness":
        """A copy as somebody sees it who never deletes."""
        match copy.value:
            case "vault":
                from custody.adapters.copies.vault import VaultWitness

                return VaultWitness(self.storage, self._named("VAULT"))
            case "keys":
                from custody.adapters.copies.keys import KeysWitness

                return KeysWitness(self.storage, self._named("KEYS"))
            case "ledger":
                from custody.adapters.copies.ledger import LedgerWitness

                return LedgerWitness(self.storage, self._named("LEDGER"))
            case "drive":
                from custody.adapters.copies.drive_witness import DriveWitness

                return DriveWitness(
                    self._organizers_drive_api,
                    self._guests_drive_api,
                    drive_id=self.settings.text("CUSTODY_DRIVE_ID"),
                    index=self.index,
                    quarantine=self.quarantine,
                )

    @cached_property
    def _organizers_drive_api(self) -> "DriveApi":
        """The function's own identity, which alone may delete in the shared drive."""
        from custody.adapters.drive_api import READ_WRITE

        return self._new_drive_api(READ_WRITE, subject="")

    @cached_property
    def _guests_drive_api(self) -> "DriveApi":
        """The role identity, with which customers share what they own."""
        from custody.adapters.drive_api import READ_WRITE

        return self._new_drive_api(READ_WRITE)

    @property
    def books(self) -> "Books":
        """The ledger as erasures write in it."""
        from custody.adapters import erasures
        from custody.steps.books import Books

        ledger = self._ledger
        return Books(
            registry=self.registry,
            index=self.index,
            fences=self.fences,
            holds=self.holds,
            erasures=erasures.BucketErasures(ledger),
            tracks=erasures.BucketTracks(ledger),
            pages=erasures.BucketPages(ledger),
            plans=erasures.BucketPlans(ledger),
            receipts=erasures.BucketReceipts(ledger),
            audit=self.audit,
            publisher=self.publisher,
        )

    def fresh_id(self) -> str:
        """An id that nobody had before: for channels, lease holders and customers."""
        return uuid.uuid4().hex

    @property
    def push_secret(self) -> bytes:
        return self.settings.text("CUSTODY_PUSH_SECRET").encode()

    @property
    def push_url(self) -> str:
        return self.settings.text("CUSTODY_PUSH_URL")

    @cached_property
    def publisher(self) -> "PubSub":
        from custody.adapters.pubsub import PubSub

        return PubSub(
            project=self.settings.text("CUSTODY_PROJECT"),
            host=self.settings.text("PUBSUB_EMULATOR_HOST"),
        )

    @cached_property
    def drive(self) -> "GoogleDrive":
        from custody.adapters.drive import GoogleDrive

        return GoogleDrive(self._drive_api)

    @cached_property
    def feed(self) -> "DriveChanges":
        from custody.adapters.changes import DriveChanges

        return DriveChanges(self._drive_api, drive_id=self.settings.text("CUSTODY_DRIVE_ID"))

    @cached_property
    def folders(self) -> "DriveFolders":
        from custody.adapters.drive_api import READ_WRITE
        from custody.adapters.folders import DriveFolders

        drive_id = self.settings.text("CUSTODY_DRIVE_ID")
        return DriveFolders(self._new_drive_api(READ_WRITE), drive_id=drive_id)

    @cached_property
    def vault(self) -> "BucketVault":
        from custody.adapters.vault import BucketVault

        return BucketVault(self._bucket("CUSTODY_VAULT_BUCKET"), self.now)

    @cached_property
    def keys(self) -> "BucketKeys":
        from custody.adapters.keys import BucketKeys

        environment = self.settings.text("CUSTODY_ENVIRONMENT")
        return BucketKeys(self._bucket("CUSTODY_KEYS_BUCKET"), self._kek, environment=environment)

    @cached_property
    def registry(self) -> "BucketRegistry":
        from custody.adapters.ledger import BucketRegistry

        return BucketRegistry(self._ledger)

    @cached_property
    def fences(self) -> "BucketFences":
        from custody.adapters.ledger import BucketFences

        return BucketFences(self._ledger)

    @cached_property
    def holds(self) -> "BucketHolds":
        from custody.adapters.erasures import BucketHolds

        return BucketHolds(self._ledger)

    @cached_property
    def audit(self) -> "BucketAudit":
        from custody.adapters.audit import BucketAudit

        return BucketAudit(self._bucket("CUSTODY_AUDIT_BUCKET"))

    @cached_property
    def signer(self) -> "LocalSigner | CloudSigner":
        uri = self.settings.text("CUSTODY_SIGNING_KEY_URI")
        if uri.startswith("file:"):
            from custody.adapters.signing import LocalSigner

            return LocalSigner(Path(uri.removeprefix("file:")))
        from custody.adapters.kms_signing import CloudSigner

        return CloudSigner(uri, self._kms_session())

    @cached_property
    def cursors(self) -> "BucketCursors":
        from custody.adapters.ledger import BucketCursors

        return BucketCursors(self._ledger)

    @cached_property
    def channels(self) -> "BucketChannels":
        from custody.adapters.ledger import BucketChannels

        return BucketChannels(self._ledger)

    @cached_property
    def quarantine(self) -> "BucketQuarantine":
        from custody.adapters.ledger import BucketQuarantine

        return BucketQuarantine(self._ledger)

    @cached_property
    def index(self) -> "BucketIndex":
        from custody.adapters.index import BucketIndex

        return BucketIndex(self._ledger)

    @cached_property
    def _ledger(self) -> "Bucket":
        return self._bucket("CUSTODY_LEDGER_BUCKET")

    def _bucket(self, setting: str) -> "Bucket":
        from custody.adapters.objects import Bucket

        return Bucket(self.storage, self.settings.text(setting))

    def _named(self, kind: str) -> str:
        """The name of the bucket of a copy."""
        return self.settings.text(f"CUSTODY_{kind}_BUCKET")

    @cached_property
    def storage(self) -> "storage.Client":
        from custody.adapters.objects import storage_client

        return storage_client(self.settings.text("STORAGE_EMULATOR_HOST"))

    @cached_property
    def _drive_api(self) -> "DriveApi":
        from custody.adapters.drive_api import READ_ONLY

        return self._new_drive_api(READ_ONLY)

    def _new_drive_api(self, scopes: tuple[str, ...], *, subject: str | None = None) -> "DriveApi":
        """As the role identity, where no other subject is named."""
        from custody.adapters.drive_api import DriveApi

        return DriveApi(
            endpoint=self.settings.text("CUSTODY_DRIVE_ENDPOINT"),
            subject=self.settings.text("CUSTODY_SUBJECT") if subject is None else subject,
            calls_per_minute=self.settings.number("CUSTODY_DRIVE_CALLS_PER_MINUTE"),
            scopes=scopes,
        )

    @cached_property
    def _kek(self) -> "Kek":
        from custody.adapters import kms

        uri = self.settings.text("CUSTODY_KEK_URI")
        if uri.startswith("file:"):
            return kms.LocalKek(Path(uri.removeprefix("file:")))
        return kms.CloudKek(uri, self._kms_session())

    def _kms_session(self) -> "AuthorizedSession":
        from google.auth.transport.requests import AuthorizedSession

        from custody.adapters.identity import application_credentials
        from custody.adapters.kms_api import SCOPES

        return AuthorizedSession(application_credentials(SCOPES))


@cache
def connect() -> Cloud:
    """This process's world, from its environment."""
    settings = Settings(os.environ)
    logs.configure(settings.text("CUSTODY_PROJECT"))
    return Cloud(settings)
