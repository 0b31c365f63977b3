"""Every adapter, made on first use from the settings. Each is imported where it is made."""

import uuid
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from custody.adapters.keys import BucketKeyMaker, BucketKeys
    from custody.adapters.kms_signing import CloudSigner
    from custody.adapters.ledger import (
        BucketChannels,
        BucketCursors,
        BucketFences,
        BucketQuarantine,
        BucketRegistry,
    )
    from custody.adapters.objects import Bucket
    from custody.adapters.offsite import Lock, OffsiteBucket, OffsiteShelf
    from custody.adapters.pubsub import PubSub
    from custody.adapters.ranges import Objects
    from custody.adapters.recovery import PublicRecoveryKey
    from custody.adapters.retention import BucketDisposals, BucketMarks, BucketRetentionPlans
    from custody.adapters.s3 import Site
    from custody.adapters.shelves import VaultShelf
    from custody.adapters.signing import LocalSigner
    from custody.adapters.vault import BucketVault
    from custody.adapters.versions import BucketVersions
    from custody.ports import Kek
    from custody.steps.books import Books


@cache
def _s3_client(site: "Site") -> Any:
    """One for all threads of a process: it takes a sixth of a second to be made."""
    from custody.adapters.s3 import s3_client

    return s3_client(site)


class Adapters:
    """Google's services and Amazon's, or whatever the endpoints in the settings name."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def now(self) -> datetime:
        """The time; on the local cloud the one that its servers go by."""
        return datetime.now(UTC) + timedelta(seconds=self._clock_offset())

    def _clock_offset(self) -> float:
        path = self.settings.text("CUSTODY_CLOCK_FILE")
        return float(Path(path).read_text()) if path and Path(path).exists() else 0.0

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
    def vault_shelf(self) -> "VaultShelf":
        from custody.adapters.shelves import VaultShelf

        return VaultShelf(self._bucket("CUSTODY_VAULT_BUCKET"), self.now)

    @cached_property
    def offsite_shelf(self) -> "OffsiteShelf":
        from custody.adapters.offsite import OffsiteShelf

        return OffsiteShelf(self.s3, self._named("OFFSITE"), self.now, lock=self._lock)

    @cached_property
    def offsite(self) -> "BucketVersions":
        """The off-site copies, as whoever has the keys reads them."""
        from custody.adapters.offsite import OffsiteBucket
        from custody.adapters.versions import BucketVersions

        return BucketVersions(OffsiteBucket(self.s3, self._named("OFFSITE")))

    @property
    def _lock(self) -> "Lock | None":
        from custody.adapters.offsite import Lock

        days = self.settings.number("CUSTODY_LOCK_DAYS")
        return Lock(mode=self.settings.text("CUSTODY_LOCK_MODE"), days=days) if days else None

    @cached_property
    def s3(self) -> Any:
        """Amazon's client."""
        from custody.adapters.s3 import Site

        return _s3_client(
            Site(
                region=self.settings.text("CUSTODY_OFFSITE_REGION"),
                role=self.settings.text("CUSTODY_OFFSITE_ROLE"),
                endpoint=self.settings.text("AWS_ENDPOINT_URL_S3"),
                sts_endpoint=self.settings.text("AWS_ENDPOINT_URL_STS"),
            )
        )

    @cached_property
    def keys(self) -> "BucketKeys":
        return self._keys_in(self._bucket("CUSTODY_KEYS_BUCKET"))

    @cached_property
    def offsite_keys(self) -> "BucketKeys":
        """The copies of the wrapped keysets that lie off-site, under the same key."""
        return self._keys_in(self._offsite_keys_bucket)

    def _keys_in(self, bucket: "Objects") -> "BucketKeys":
        from custody.adapters.keys import BucketKeys

        return BucketKeys(bucket, self._kek, environment=self.settings.text("CUSTODY_ENVIRONMENT"))

    @cached_property
    def key_maker(self) -> "BucketKeyMaker":
        from custody.adapters.keys import BucketKeyMaker

        return BucketKeyMaker(
            self._bucket("CUSTODY_KEYS_BUCKET"),
            self._kek,
            environment=self.settings.text("CUSTODY_ENVIRONMENT"),
            offsite=self._offsite_keys_bucket,
            recovery=self._recovery,
        )

    @property
    def has_recovery_key(self) -> bool:
        """Whether there is one, and a good one. RefusedError."""
        return self._recovery is not None

    @property
    def _recovery(self) -> "PublicRecoveryKey | None":
        from custody.adapters.recovery import PublicRecoveryKey

        text = self.settings.text("CUSTODY_RECOVERY_KEY")
        return PublicRecoveryKey(text) if text else None

    @cached_property
    def _offsite_keys_bucket(self) -> "OffsiteBucket":
        from custody.adapters.offsite import OffsiteBucket

        return OffsiteBucket(self.s3, self._named("OFFSITE_KEYS"))

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
    def marks(self) -> "BucketMarks":
        from custody.adapters.retention import BucketMarks

        return BucketMarks(self._ledger)

    @cached_property
    def disposals(self) -> "BucketDisposals":
        from custody.adapters.retention import BucketDisposals

        return BucketDisposals(self._ledger)

    @cached_property
    def retention_plans(self) -> "BucketRetentionPlans":
        from custody.adapters.retention import BucketRetentionPlans

        return BucketRetentionPlans(self._ledger)

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
