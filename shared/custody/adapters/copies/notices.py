"""Tells the owners of what is not ours to delete, once each, by a notification of Drive's own.

A notice is a small text file in our shared drive, made for one epoch of one erasure. Sharing it
with an owner makes Drive send the mail, and its permissions are the memory of who was told: an
owner's address is used on the way and stands in no record of ours. Drive's search may lag behind,
so that two notices may come to be; an owner is then told by one of them.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from googleapiclient.http import MediaIoBaseUpload

from custody.adapters.drive_api import DriveApi
from custody.domain.erasure import Fate, Target
from custody.domain.vault import FileId
from custody.errors import NotFoundError, UnavailableError

LIFE = timedelta(days=30)
"""After which a notice is deleted, with the addresses that it was shared with.

Whoever was asked and has still not acted is then asked again.
"""
NAME = "Notice of an erasure"
TEXTS = {
    Fate.RELINQUISH: (
        "Datasmash was asked to erase all that it holds of one of your sources. You own files or "
        "folders that you share with Datasmash for it. They are yours: Datasmash gives up its "
        "access to them, and neither changes nor deletes them. You need not do anything."
    ),
    Fate.ASK_OWNER: (
        "Datasmash was asked to erase all that it holds of one of your sources. Datasmash can "
        "still see files or folders of it that you own, through a folder above them, a group, a "
        "domain or a link. Only you can end that: please stop sharing them with Datasmash. "
        "Nothing of yours is changed or deleted."
    ),
}
"""No customer's data and no name: whoever reads it knows what is theirs."""


class Notices:
    """The notices of erasures in one shared drive."""

    def __init__(self, api: DriveApi, *, drive_id: str) -> None:
        self._api = api
        self._drive_id = drive_id

    def tell(self, target: Target, fate: Fate, owners: Iterable[str]) -> None:
        """Returns when every owner was sent the text for this fate, now or before."""
        wanted = {owner.lower() for owner in owners}
        if not wanted:
            return
        about = _about(target) | {"custody-fate": fate.value}
        standing = [FileId(file["id"]) for file in self._find(about)]
        told = {address for notice in standing for address in self._told(notice)}
        for owner in sorted(wanted - told):
            # One after the other: Drive loses permissions that are changed at the same time.
            standing = standing or [self._make(about, TEXTS[fate])]
            self._share(standing[0], owner, TEXTS[fate])

    def forget(self, target: Target, *, now: datetime) -> None:
        """Deletes the notices of an epoch that are past their life."""
        until = (now - LIFE).isoformat()
        for file in self._find(_about(target), f" and createdTime < '{until}'"):
            self._delete(file["id"])

    def _find(self, about: dict[str, str], more: str = "") -> list[dict[str, Any]]:
        has = " and ".join(
            f"appProperties has {{ key='{key}' and value='{value}' }}"
            for key, value in about.items()
        )
        page: dict[str, Any] = self._api.call(
            "finding notices",
            lambda s: s.files().list(
                q=f"{has} and trashed = false{more}",
                orderBy="createdTime",
                corpora="drive",
                driveId=self._drive_id,
                fields="incompleteSearch,files(id)",
                includeItemsFromAllDrives=True,
                supportsAllDrives=True,
            ),
        )
        if page.get("incompleteSearch"):
            raise UnavailableError("Drive searched for notices incompletely (T7)")
        found: list[dict[str, Any]] = page["files"]
        return found

    def _told(self, notice: FileId) -> Iterator[str]:
        """The addresses that a notice itself is shared with; members of the drive see it anyway."""
        token = None
        while True:
            page = self._permissions(notice, token)
            for one in page["permissions"]:
                details = one.get("permissionDetails", ())
                if "emailAddress" in one and not all(each["inherited"] for each in details):
                    yield one["emailAddress"].lower()
            token = page.get("nextPageToken")
            if not token:
                return

    def _permissions(self, notice: FileId, token: str | None) -> dict[str, Any]:
        page: dict[str, Any] = self._api.call(
            "a notice's readers",
            lambda s: s.permissions().list(
                fileId=notice,
                pageSize=100,
                pageToken=token,
                fields="nextPageToken,permissions(emailAddress,permissionDetails(inherited))",
                supportsAllDrives=True,
            ),
        )
        return page

    def _make(self, about: dict[str, str], text: str) -> FileId:
        """Under an id asked for beforehand, so that a repeated call makes no second file."""
        ids = self._api.call("an id", lambda s: s.files().generateIds(count=1, fields="ids"))["ids"]
        body = {
            "id": ids[0],
            "name": NAME,
            "parents": [self._drive_id],
            "appProperties": about,
        }
        media = MediaIoBaseUpload(BytesIO(text.encode()), mimetype="text/plain")
        made = self._api.call(
            "a notice",
            lambda s: s.files().create(
                body=body, media_body=media, fields="id", supportsAllDrives=True
            ),
        )
        return FileId(made["id"])

    def _share(self, notice: FileId, owner: str, text: str) -> None:
        grant = {"type": "user", "role": "reader", "emailAddress": owner}
        self._api.call(
            "telling an owner",
            lambda s: s.permissions().create(
                fileId=notice,
                body=grant,
                sendNotificationEmail=True,
                emailMessage=text,
                fields="id",
                supportsAllDrives=True,
            ),
        )

    def _delete(self, notice: str) -> None:
        try:
            self._api.call(
                "a notice", lambda s: s.files().delete(fileId=notice, supportsAllDrives=True)
            )
        except NotFoundError:
            return  # somebody was faster


def _about(target: Target) -> dict[str, str]:
    """What a notice is for, in ids alone; `appProperties` are shown to our own app only."""
    return {
        "custody-erasure": target.erasure,
        "custody-source": target.life.source,
        "custody-epoch": str(target.life.epoch),
    }
