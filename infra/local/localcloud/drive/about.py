"""about.get and files.generateIds: what the server can do, and names for files to come."""

from typing import Any

from localcloud.drive import formats, people
from localcloud.drive.call import Call
from localcloud.drive.ids import new_file_id
from localcloud.drive.refusals import invalid
from localcloud.drive.session import Session
from localcloud.errors import ApiError

_MAX_UPLOAD = 5 * 1024**4
_LIMIT = 2 * 1024**4
_MAX_IMPORTS = {
    formats.DOCUMENT: 52_428_800,
    formats.SPREADSHEET: 104_857_600,
    formats.PRESENTATION: 104_857_600,
}
_COLORS = ["#ac725e", "#d06b64", "#f83a22", "#16a765", "#4986e7", "#9a9cff", "#8f8f8f"]


def get(session: Session, call: Call) -> dict[str, Any]:
    if not call.params.get("fields"):
        message = "The 'fields' parameter is required for this method."
        raise ApiError(400, "required", message, "fields")
    return {
        "kind": "drive#about",
        "user": people.user(session, session.caller),
        "storageQuota": _quota(session),
        "importFormats": {kind: list(targets) for kind, targets in formats.IMPORTS.items()},
        "exportFormats": {kind: list(targets) for kind, targets in formats.EXPORTS.items()},
        "maxImportSizes": {kind: str(size) for kind, size in _MAX_IMPORTS.items()},
        "maxUploadSize": str(_MAX_UPLOAD),
        "appInstalled": True,
        "canCreateDrives": True,
        "canCreateTeamDrives": True,
        "folderColorPalette": _COLORS,
        "driveThemes": [],
        "teamDriveThemes": [],
    }


def _quota(session: Session) -> dict[str, str]:
    used = (
        "select coalesce(sum(revisions.size), 0) from files"
        " join revisions on revisions.file_id = files.id"
        " where files.owner = ? and (revisions.id = files.head or revisions.keep_forever)"
    )
    total = session.rows(used, [session.caller])[0][0]
    trashed = f"{used} and files.trashed_time is not null"
    in_trash = session.rows(trashed, [session.caller])[0][0]
    return {
        "limit": str(_LIMIT),
        "usage": str(total),
        "usageInDrive": str(total),
        "usageInDriveTrash": str(in_trash),
    }


def generate_ids(session: Session, call: Call) -> dict[str, Any]:
    del session  # the ids carry their own proof
    if call.params["space"] not in ("drive", "appDataFolder"):
        raise invalid("space")
    if call.params["type"] not in ("files", "shortcuts"):
        raise invalid("type")
    generated = [new_file_id() for _ in range(call.params["count"])]
    return {"kind": "drive#generatedIds", "space": call.params["space"], "ids": generated}
