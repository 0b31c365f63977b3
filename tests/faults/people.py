"""What people do with custody and in Drive, and what they find afterwards."""

import io
import uuid
from typing import Any

import requests
from googleapiclient.http import MediaIoBaseUpload

from custody.adapters.drive_api import READ_WRITE, DriveApi
from custody.cloud import Cloud
from custody.domain.drive import FOLDER, Corpus, DriveFile
from custody.domain.vault import (
    CustomerId,
    FileHistory,
    FileId,
    Holding,
    HoldingEpoch,
    Source,
    Version,
)
from custody.steps.holdings import Office, add_customer, open_holding
from localcloud.environment import IDENTITY

ADDRESS = "customer@client.example"


def server_of(method: str) -> str:
    """Whose method it is: S3's begin with a capital, and Drive has some without its name."""
    if method[0].isupper():
        return "s3"
    name = method.partition(".")[0]
    return name if name in ("storage", "pubsub") else "drive"


class People:
    """Everybody outside: operators, customers in Drive, whoever restores."""

    world: Cloud
    """The adapters, as an operator's command line has them."""

    @property
    def drive_url(self) -> str:
        return self.world.settings.text("CUSTODY_DRIVE_ENDPOINT")

    # Operators.

    def open(
        self, source: str = "hubspot", *, folder: FileId | None = None, name: str | None = None
    ) -> Holding:
        """A new customer with one holding; with a folder, one that the customer owns."""
        customer = CustomerId(f"c-{uuid.uuid4().hex[:12]}")
        added = add_customer(self.office, name or f"Customer {customer}", customer=customer)
        return open_holding(self.office, added, Source(source), folder=folder)

    @property
    def office(self) -> Office:
        return self.world.office

    # Customers in Drive.

    def upload(self, holding: Holding, name: str, data: bytes) -> DriveFile:
        """A file in a holding's folder; a name that is there becomes a new revision."""
        return self.world.folders.upload(holding.folder_id, name, io.BytesIO(data), len(data))

    def as_person(self, email: str = IDENTITY) -> DriveApi:
        """Drive as somebody uses it."""
        return DriveApi(
            endpoint=self.drive_url, subject=email, calls_per_minute=600_000, scopes=READ_WRITE
        )

    def make(
        self, api: DriveApi, body: dict[str, Any], data: bytes | None = None, kind: str = "text/csv"
    ) -> FileId:
        """A file as the Drive API makes it."""
        media = None if data is None else MediaIoBaseUpload(io.BytesIO(data), mimetype=kind)
        made = api.call(
            "a file",
            lambda s: s.files().create(body=body, media_body=media, supportsAllDrives=True),
        )
        return FileId(made["id"])

    def change(
        self, api: DriveApi, file_id: FileId, data: bytes | None = None, **asked: Any
    ) -> None:
        """Another content, or another name or place, for a file."""
        media = None if data is None else MediaIoBaseUpload(io.BytesIO(data), mimetype="text/csv")
        api.call(
            "a file",
            lambda s: s.files().update(
                fileId=file_id, media_body=media, supportsAllDrives=True, **asked
            ),
        )

    def native(self, holding: Holding, kind: str, name: str, rows: bytes | None = None) -> FileId:
        """A Google document, made of lines of CSV."""
        kind = f"application/vnd.google-apps.{kind}"
        body = {"name": name, "parents": [holding.folder_id], "mimeType": kind}
        return self.make(self.as_person(), body, rows)

    def flag(self, file_id: FileId, **wanted: Any) -> None:
        """What only Google does to a file (see the local Drive's admin endpoint)."""
        requests.post(f"{self.drive_url}/_files/{file_id}", json=wanted, timeout=10)

    def shared_folder(self, owner: DriveApi, *, role: str = "reader") -> FileId:
        """A folder that somebody owns and shares with the role identity."""
        folder = self.make(owner, {"name": "Exports", "mimeType": FOLDER})
        self.share(owner, folder, IDENTITY, role)
        return folder

    def share(self, api: DriveApi, file_id: FileId, email: str, role: str) -> str:
        """Returns the permission's id."""
        grant = {"type": "user", "role": role, "emailAddress": email}
        made = api.call(
            "a grant",
            lambda s: s.permissions().create(fileId=file_id, body=grant, supportsAllDrives=True),
        )
        return str(made["id"])

    # Whoever looks.

    def history(self, holding: Holding, file_id: FileId) -> FileHistory:
        sealer = self.world.keys.unwrap(holding.life)
        return self.world.index.read(holding.life, file_id, sealer=sealer).value

    def contents(self, holding: Holding, file_id: FileId) -> list[bytes]:
        """What the vault gives back for each version of a file, in Drive's order."""
        return [self.read(version) for version in self.history(holding, file_id).versions]

    def read(self, version: Version) -> bytes:
        sealer = self.world.keys.unwrap(version.life)
        return b"".join(self.world.vault.content(version.name, sealer=sealer))

    def reasons(self, holding: Holding, file_id: FileId) -> list[str]:
        """Why something of a file could not be captured."""
        return [gap.reason for gap in self.history(holding, file_id).missed]

    def stored(self, life: HoldingEpoch) -> list[str]:
        """The names of what lies in the vault."""
        return list(self.world.vault.names(life))

    def token(self, corpus: Corpus) -> str:
        """How far a change log was followed."""
        seen = self.world.cursors.read(corpus)
        assert seen
        return seen.value.token
