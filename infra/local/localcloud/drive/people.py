"""Users and permissions as Drive shows them."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from localcloud.drive import ids
from localcloud.drive.access import CHAIN
from localcloud.drive.model import ROLES, File, Role
from localcloud.drive.session import Session

_NAMES = {role: name for name, role in ROLES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One grantee's permission on a file, with every place that it comes from."""

    id: str
    role: Role
    rows: tuple[sqlite3.Row, ...]  # the nearest first

    @property
    def direct(self) -> sqlite3.Row | None:
        """The permission on the item itself."""
        return self.rows[0] if self.rows[0]["depth"] == 0 else None


def user(session: Session, email: str) -> dict[str, Any]:
    return {
        "kind": "drive#user",
        "displayName": display_name(email),
        "me": email == session.caller,
        "permissionId": ids.permission_id(email),
        "emailAddress": email,
    }


def display_name(email: str) -> str:
    return email.partition("@")[0].replace(".", " ").title()


def grants(session: Session, file: File) -> list[Grant]:
    """The permissions on a file: its own, and those inherited from the folders above."""
    # What is cut off by limited access is no permission here, an organizer's apart.
    rows = session.rows(
        f"""{CHAIN} select permissions.*, chain.depth
        from chain join permissions on permissions.file_id = chain.id
        where (permissions.expiration_time is null or permissions.expiration_time > :now)
          and (permissions.role = 'organizer' or not exists (
              select 1 from chain below where below.depth < chain.depth and below.limited))
        order by permissions.id, chain.depth""",  # noqa: S608 (constant)
        {"id": file.id, "now": session.time},
    )
    grouped: dict[str, list[sqlite3.Row]] = {}
    for row in rows:
        # What the owner has on the folders above adds nothing to owning the file.
        if row["depth"] == 0 or row["email"] is None or row["email"] != file.owner:
            grouped.setdefault(row["id"], []).append(row)
    return [
        Grant(id=id_, role=max(map(_role, found)), rows=tuple(found))
        for id_, found in grouped.items()
    ]


def _role(row: sqlite3.Row) -> Role:
    # The owner of a folder is an editor of what others put into it.
    inherited_owner = row["role"] == "owner" and row["depth"] > 0
    return Role.WRITER if inherited_owner else ROLES[row["role"]]


def permission(file: File, grant: Grant) -> dict[str, Any]:
    """A permission as a resource."""
    row = grant.rows[0]
    shown = {
        "kind": "drive#permission",
        "id": grant.id,
        "type": row["type"],
        "role": _NAMES[grant.role],
        "emailAddress": row["email"],
        "domain": row["domain"],
        "displayName": _name_of(row),
        "expirationTime": row["expiration_time"],
        "permissionDetails": [_detail(file, each) for each in grant.rows],
    }
    if row["type"] in ("user", "group"):
        shown |= {"deleted": False}
    else:
        shown |= {"allowFileDiscovery": bool(row["discoverable"])}
    if row["type"] == "user" and file.drive_id is None:
        shown |= {"pendingOwner": False}
    return {name: value for name, value in shown.items() if value is not None}


def _name_of(row: sqlite3.Row) -> str | None:
    return display_name(row["email"]) if row["email"] else row["domain"]


def _detail(file: File, row: sqlite3.Row) -> dict[str, Any]:
    is_membership = row["file_id"] == file.drive_id
    detail = {
        "permissionType": "member" if is_membership else "file",
        "role": _NAMES[_role(row)],
        "inherited": row["depth"] > 0,
    }
    if row["depth"] > 0 and file.drive_id:
        detail["inheritedFrom"] = row["file_id"]
    return detail
