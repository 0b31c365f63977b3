"""What only tests and operators of the local cloud do: flags, and looks at what went."""

import json
from datetime import timedelta
from typing import Any

from localcloud.clock import timestamp
from localcloud.drive import access
from localcloud.drive.refusals import bad_request, file_not_found
from localcloud.drive.session import Session

_RESTORABLE = timedelta(days=25)  # an administrator's window after deletion
_FLAGS = frozenset({"abuse", "restrictRevisions"})


def set_file(session: Session, file_id: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Flags a file ("abuse": as malware; "restrictRevisions": old content needs keepForever).

    `exportSize` makes every export of a Google document that large.
    """
    file = access.load(session, file_id)
    if file is None:
        raise file_not_found(file_id)
    details = dict(file.details)
    if "flag" in wanted:
        if wanted["flag"] not in _FLAGS | {None}:
            raise bad_request(f"A flag is one of {', '.join(sorted(_FLAGS))}.")
        details["flags"] = [wanted["flag"]] if wanted["flag"] else []
    if "exportSize" in wanted:
        details["exportSize"] = int(wanted["exportSize"])
    session.run("update files set details = ? where id = ?", [json.dumps(details), file_id])
    return {name: details[name] for name in ("flags", "exportSize") if name in details}


def deleted(session: Session) -> list[dict[str, str]]:
    """What an administrator could still restore: ids and times, for the bytes are gone."""
    since = timestamp(session.now - _RESTORABLE)
    rows = session.rows("select * from deleted where deleted_at > ? order by deleted_at", [since])
    return [{"id": row["id"], "deleted_at": row["deleted_at"]} for row in rows]


def mail(session: Session) -> list[dict[str, str | None]]:
    """The notifications that Drive sent, oldest first: what lies in people's inboxes."""
    return [
        {
            "to": row["recipient"],
            "file_id": row["file_id"],
            "message": row["message"],
            "at": row["sent_at"],
        }
        for row in session.rows("select * from mail order by number")
    ]
