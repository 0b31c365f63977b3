"""The production adapters of the copy in Drive on the local cloud, and hands in the local Drive."""

from typing import Any

import requests

from custody.adapters.copies.drive import DriveStore
from custody.adapters.copies.drive_witness import DriveWitness
from custody.adapters.drive_api import READ_WRITE, DriveApi
from custody.cloud import Cloud
from custody.domain.vault import FileId
from worlds.drive_copy import Bench
from worlds.localpeople import CUSTOMER, IDENTITY

DEPUTY = "deputy@datasmash.example"
DOMAIN = IDENTITY.partition("@")[2]


def local_bench(
    world: Cloud, drive_id: FileId, identity: str = IDENTITY, guest: str = IDENTITY
) -> Bench:
    """In the hands of an organizer, by default the one that made the drive, and of a guest."""
    endpoint = world.settings.text("CUSTODY_DRIVE_ENDPOINT")
    apis = as_person(endpoint, identity), as_person(endpoint, guest)
    store = DriveStore(
        *apis,
        drive_id=drive_id,
        index=world.index,
        quarantine=world.quarantine,
        registry=world.registry,
        clock=world.now,
    )
    witness = DriveWitness(*apis, drive_id=drive_id, index=world.index, quarantine=world.quarantine)
    return Bench(store=store, witness=witness, hands=LocalHands(endpoint, drive_id))


def as_person(endpoint: str, email: str) -> DriveApi:
    return DriveApi(endpoint=endpoint, subject=email, calls_per_minute=600_000, scopes=READ_WRITE)


class LocalHands:
    """People in the local Drive: operators as the role identity, and one customer."""

    def __init__(self, endpoint: str, drive_id: FileId) -> None:
        self._endpoint = endpoint
        self._drive_id = drive_id
        self._custody = as_person(endpoint, IDENTITY)
        self._customer = as_person(endpoint, CUSTOMER)
        self._mailed_before = len(self._inboxes())

    def share_by_domain(self, folder: FileId) -> None:
        self._grant(self._customer, folder, {"type": "domain", "role": "reader", "domain": DOMAIN})
        for grant in self._grants(self._customer, folder):
            if grant.get("emailAddress") == IDENTITY:
                self._revoke(self._customer, folder, grant["id"])

    def let_in(self, folder: FileId, guest: str) -> None:
        grant = {"type": "user", "role": "writer", "emailAddress": guest}
        self._grant(self._custody, folder, grant)

    def guests(self, folder: FileId) -> set[str]:
        found = self._grants(self._custody, folder)
        return {
            one["emailAddress"]
            for one in found
            if not all(each["inherited"] for each in one["permissionDetails"])
        }

    def mails(self) -> list[tuple[str, str]]:
        """Those with a word of ours: Drive sends one for every share."""
        sent = self._inboxes()[self._mailed_before :]
        return [(one["to"], one["message"]) for one in sent if one["message"]]

    def owner_reads(self, file_id: FileId) -> bytes:
        read = self._customer.call("a file", lambda s: s.files().get_media(fileId=file_id))
        return bytes(read)

    def demote(self) -> None:
        grant = {"type": "user", "role": "organizer", "emailAddress": DEPUTY}
        self._grant(self._custody, self._drive_id, grant)
        (own,) = [
            one["id"]
            for one in self._grants(self._custody, self._drive_id)
            if one["emailAddress"] == IDENTITY
        ]
        as_person(self._endpoint, DEPUTY).call(
            "a grant",
            lambda s: s.permissions().update(
                fileId=self._drive_id,
                permissionId=own,
                body={"role": "fileOrganizer"},
                supportsAllDrives=True,
            ),
        )

    def _inboxes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = requests.get(f"{self._endpoint}/_mail", timeout=10).json()
        return found

    def _grants(self, api: DriveApi, file_id: FileId) -> list[dict[str, Any]]:
        page = api.call(
            "grants",
            lambda s: s.permissions().list(fileId=file_id, fields="*", supportsAllDrives=True),
        )
        found: list[dict[str, Any]] = page["permissions"]
        return found

    def _grant(self, api: DriveApi, file_id: FileId, grant: dict[str, Any]) -> None:
        api.call(
            "a grant",
            lambda s: s.permissions().create(fileId=file_id, body=grant, supportsAllDrives=True),
        )

    def _revoke(self, api: DriveApi, file_id: FileId, permission: str) -> None:
        api.call(
            "a grant",
            lambda s: s.permissions().delete(
                fileId=file_id, permissionId=permission, supportsAllDrives=True
            ),
        )
