"""The one place that reads the environment and picks adapters, each made on first use.

A function imports what it uses and no more: every adapter is imported where it is made.
"""

import os
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from custody import logs
from custody.settings import Settings

if TYPE_CHECKING:
    from custody.adapters.changes import DriveChanges
    from custody.adapters.drive import GoogleDrive
    from custody.adapters.drive_api import DriveApi
    from custody.adapters.folders import DriveFolders
    from custody.adapters.index import BucketIndex
    from custody.adapters.keys import BucketKeys
    from custody.adapters.ledger import (
        BucketChannels,
        BucketCursors,
        BucketFences,
        BucketQuarantine,
        BucketRegistry,
    )
    from custody.adapters.objects import Bucket
    from custody.adapters.pubsub import PubSub
    from custody.adapters.vault import BucketVault
    from custody.ports import Kek
    from custody.steps.versions import Capture

BYTES_PER_SECOND = 16 << 20
"""The pace at which a capture surely reads, compresses, encrypts and writes, on one core.

It bounds what one delivery takes on: 540 s make 8.4 GiB. Larger files are captured by the same
code from the command line, `custody files capture`.
"""
DEADLINE_MARGIN = timedelta(seconds=30)
"""How long before a function's time-out a writer sends no last byte any more."""


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
        from custody.adapters.objects import Bucket, storage_client

        client = storage_client(self.settings.text("STORAGE_EMULATOR_HOST"))
        return Bucket(client, self.settings.text(setting))

    @cached_property
    def _drive_api(self) -> "DriveApi":
        from custody.adapters.drive_api import READ_ONLY

        return self._new_drive_api(READ_ONLY)

    def _new_drive_api(self, scopes: tuple[str, ...]) -> "DriveApi":
        from custody.adapters.drive_api import DriveApi

        return DriveApi(
            endpoint=self.settings.text("CUSTODY_DRIVE_ENDPOINT"),
            subject=self.settings.text("CUSTODY_SUBJECT"),
            calls_per_minute=self.settings.number("CUSTODY_DRIVE_CALLS_PER_MINUTE"),
            scopes=scopes,
        )

    @cached_property
    def _kek(self) -> "Kek":
        from custody.adapters import kms

        uri = self.settings.text("CUSTODY_KEK_URI")
        if uri.startswith("file:"):
            return kms.LocalKek(Path(uri.removeprefix("file:")))
        from google.auth.transport.requests import AuthorizedSession

        from custody.adapters.identity import application_credentials

        return kms.CloudKek(uri, AuthorizedSession(application_credentials(kms.SCOPES)))


@cache
def connect() -> Cloud:
    """This process's world, from its environment."""
    settings = Settings(os.environ)
    logs.configure(settings.text("CUSTODY_PROJECT"))
    return Cloud(settings)
