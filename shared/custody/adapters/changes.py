"""Drive's change logs and their channels, one of each a corpus (T4, T5)."""

from datetime import UTC, datetime
from typing import Any

from custody.adapters.drive_api import FILE_FIELDS, DriveApi, to_file, to_time
from custody.domain.channels import Channel
from custody.domain.drive import SHARED_DRIVE, Change, ChangePage, Corpus
from custody.errors import BadCallError, NotFoundError, RefusedError, UnavailableError

PAGE = 1000


class DriveChanges:
    """The ChangeFeed port on Drive v3."""

    def __init__(self, api: DriveApi, *, drive_id: str) -> None:
        self._api = api
        self._drive_id = drive_id

    def start(self, corpus: Corpus) -> str:
        where = self._drive_of(corpus)
        answer = self._call(
            "a start token",
            lambda s: s.changes().getStartPageToken(supportsAllDrives=True, **where),
        )
        return str(answer["startPageToken"])

    def page(self, corpus: Corpus, cursor: str) -> ChangePage:
        try:
            answer = self._call(
                "a change log",
                lambda s: s.changes().list(
                    pageToken=cursor,
                    pageSize=PAGE,
                    includeRemoved=True,
                    fields=f"nextPageToken,newStartPageToken,changes"
                    f"(changeType,fileId,removed,time,file({FILE_FIELDS}))",
                    **self._flags(corpus),
                ),
            )
        except BadCallError as error:
            raise NotFoundError("Drive no longer takes the cursor of this change log") from error
        changes = (c for c in answer.get("changes", []) if c["changeType"] == "file")
        return ChangePage(
            changes=tuple(_to_change(change) for change in changes),
            cursor=answer.get("nextPageToken") or answer["newStartPageToken"],
            more="nextPageToken" in answer,
        )

    def watch(
        self,
        corpus: Corpus,
        *,
        cursor: str,
        channel: str,
        token: str,
        address: str,
        now: datetime,
        until: datetime,
    ) -> Channel:
        body = {
            "id": channel,
            "type": "web_hook",
            "address": address,
            "token": token,
            "expiration": str(int(until.timestamp() * 1000)),
        }
        granted = self._call(
            "a channel",
            lambda s: s.changes().watch(pageToken=cursor, body=body, **self._flags(corpus)),
        )
        return Channel(
            channel=channel,
            corpus=corpus,
            resource=granted["resourceId"],
            address=address,
            created_at=now,
            expires_at=datetime.fromtimestamp(int(granted["expiration"]) / 1000, UTC),
        )

    def stop(self, channel: Channel) -> None:
        body = {"id": channel.channel, "resourceId": channel.resource}
        try:
            self._api.call("a channel's end", lambda s: s.channels().stop(body=body))
        except NotFoundError:
            return  # expired, or stopped by a delivery that could not say so

    def _call(self, what: str, request: Any) -> Any:
        """T5: a shared drive that we no longer see alerts and is tried again, never skipped."""
        try:
            return self._api.call(what, request)
        except (NotFoundError, RefusedError) as error:
            raise UnavailableError(f"{what}: is the drive still shared with us?") from error

    def _flags(self, corpus: Corpus) -> dict[str, Any]:
        shared = corpus == SHARED_DRIVE
        flags = {"supportsAllDrives": True, "includeItemsFromAllDrives": shared}
        return flags | self._drive_of(corpus)

    def _drive_of(self, corpus: Corpus) -> dict[str, str]:
        return {"driveId": self._drive_id} if corpus == SHARED_DRIVE else {}


def _to_change(wire: dict[str, Any]) -> Change:
    file = wire.get("file")
    return Change(
        file_id=wire["fileId"],
        file=to_file(file) if file and not wire.get("removed") else None,
        changed_at=to_time(wire["time"]),
    )
