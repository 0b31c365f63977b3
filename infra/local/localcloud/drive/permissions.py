"""The methods of the permissions resource: sharing, and its end."""

from datetime import datetime, timedelta
from typing import Any

from localcloud.clock import timestamp
from localcloud.drive import access, ids, journal, people, resource
from localcloud.drive.call import Call
from localcloud.drive.capabilities import file_capabilities
from localcloud.drive.model import ROLES, File, Role
from localcloud.drive.pages import page_token, place_of
from localcloud.drive.people import Grant
from localcloud.drive.refusals import bad_request, forbidden, not_allowed
from localcloud.drive.session import Session
from localcloud.errors import ApiError

_TYPES = ("user", "group", "domain", "anyone")
_LONGEST = timedelta(days=366)


def list_permissions(session: Session, call: Call) -> dict[str, Any]:
    file = _file(session, call)
    needed = Role.READER if file.drive_id else Role.WRITER
    if access.role_on(session, file) < needed:
        raise not_allowed(file.id)
    found = people.grants(session, file)
    place = place_of(session, call.params)
    start, size = place[0] if place else 0, call.params.get("pageSize") or max(len(found), 1)
    shown = [people.permission(file, one) for one in found[start : start + size]]
    page: dict[str, Any] = {"kind": "drive#permissionList", "permissions": shown}
    if start + size < len(found):
        page["nextPageToken"] = page_token(session, call.params, [start + size])
    return page


def get(session: Session, call: Call) -> dict[str, Any]:
    file = _file(session, call)
    return people.permission(file, _grant(session, file, call))


def create(session: Session, call: Call) -> dict[str, Any]:
    file = _shareable(session, call)
    values = _grantee(call)
    _check_role(session, file, call, values)
    before = _audience(session, file)
    if call.body["role"] == "owner":
        _transfer(session, file, str(values["email"]), call)
    else:
        _put(session, file, values, str(call.body["role"]), _expiration(session, call))
    _notify(session, file, values, call)
    _changed(session, file, before, added=True)
    grant = next(one for one in people.grants(session, file) if one.id == values["id"])
    return people.permission(file, grant)


def _grantee(call: Call) -> dict[str, Any]:
    """Whom a permission is for, as its row says it."""
    kind, role = call.body_text("type"), call.body_text("role")
    if kind not in _TYPES:
        raise bad_request(f"The permission type '{kind}' is not supported.", "permission.type")
    if role not in ROLES:
        raise bad_request(f"The permission role '{role}' is not supported.", "permission.role")
    values: dict[str, Any] = {"type": kind, "email": None, "domain": None}
    values["discoverable"] = bool(call.body.get("allowFileDiscovery"))
    if kind in ("user", "group"):
        values["email"] = call.body_text("emailAddress").lower()
        return values | {"id": ids.permission_id(values["email"])}
    if kind == "domain":
        values["domain"] = call.body_text("domain").lower()
        return values | {"id": ids.permission_id(values["domain"]) + "k"}
    return values | {"id": "anyone" if values["discoverable"] else "anyoneWithLink"}


def _check_role(session: Session, file: File, call: Call, values: dict[str, Any]) -> None:
    """Which roles go with which places and grantees."""
    role = ROLES[call.body["role"]]
    if role == Role.OWNER:
        _check_owner(session, file, call)
    if role == Role.ORGANIZER and not file.is_drive_root:
        message = "Only members of a shared drive can be organizers."
        raise forbidden("organizerOnNonTeamDriveItemNotSupported", message)
    if role == Role.FILE_ORGANIZER and not file.drive_id:
        message = "Only items of shared drives can have file organizers."
        raise forbidden("fileOrganizerOnNonTeamDriveNotSupported", message)
    if file.is_drive_root and values["email"] is None:
        message = "A shared drive can be shared with users and groups alone."
        raise forbidden("cannotShareTeamDriveTopFolderWithAnyoneOrDomains", message)
    if values["email"] is None and role > Role.WRITER:
        raise bad_request("Domains and anyone can be writers at most.", "permission.role")
    _check_restrictions(session, file, values)


def _check_owner(session: Session, file: File, call: Call) -> None:
    if file.drive_id:
        message = "An item of a shared drive has no owner."
        raise forbidden("ownerOnTeamDriveItemNotSupported", message)
    if not call.params.get("transferOwnership"):
        message = (
            "The transferOwnership parameter must be enabled when the permission role is 'owner'."
        )
        raise forbidden("forbidden", message, "transferOwnership")
    if file.owner != session.caller:
        raise not_allowed(file.id)


def _check_restrictions(session: Session, file: File, values: dict[str, Any]) -> None:
    limits = resource.drive_restrictions(session, file.drive_id)
    if limits.get("driveMembersOnly") and not file.is_drive_root:
        members = access.members(session, str(file.drive_id))
        if values["email"] not in members:
            message = "Items of this shared drive can be shared with its members alone."
            raise forbidden("teamDriveMembershipRequired", message)
    domain = session.caller.partition("@")[2]
    grantee = values["domain"] or str(values["email"] or "").partition("@")[2]
    if limits.get("domainUsersOnly") and grantee != domain:
        message = "Items of this shared drive can be shared within its domain alone."
        raise forbidden("teamDriveDomainUsersOnlyRestriction", message)


def _put(
    session: Session, file: File, values: dict[str, Any], role: str, expiration: str | None
) -> None:
    """Grants a role; whoever has a permission already gets this one instead."""
    session.run("delete from permissions where (file_id, id) = (?, ?)", [file.id, values["id"]])
    times = {"expiration_time": expiration, "created_time": session.time}
    whose = {"file_id": file.id, "created_by": session.caller, "role": role}
    session.insert("permissions", values | times | whose)
    session.forget_folders()


def _notify(session: Session, file: File, values: dict[str, Any], call: Call) -> None:
    """Users and groups get a mail unless the call says no; what it says is the caller's word."""
    if values["email"] is None or call.params.get("sendNotificationEmail") is False:
        return
    session.insert(
        "mail",
        {
            "recipient": values["email"],
            "file_id": file.id,
            "message": call.params.get("emailMessage"),
            "sent_at": session.time,
        },
    )


def _transfer(session: Session, file: File, email: str, call: Call) -> None:
    """The new owner owns, the old one stays as a writer."""
    old = {"type": "user", "email": session.caller, "domain": None, "discoverable": False}
    old["id"] = ids.permission_id(session.caller)
    new = old | {"email": email, "id": ids.permission_id(email)}
    _put(session, file, old, "writer", None)
    _put(session, file, new, "owner", None)
    session.run("update files set owner = ? where id = ?", [email, file.id])
    if call.params.get("moveToNewOwnersRoot"):
        root = access.ensure_root(session, email)
        session.run("update files set parent = ? where id = ?", [root, file.id])


def _expiration(session: Session, call: Call) -> str | None:
    text = call.body.get("expirationTime")
    if not text:
        return None
    expires = datetime.fromisoformat(text)
    soon_enough = session.now < expires <= session.now + _LONGEST
    if call.body.get("type", "user") not in ("user", "group") or not soon_enough:
        message = "Expiration dates are for users and groups, in the future, within a year."
        raise forbidden("expirationDateNotAllowedForSharedDriveMembers", message)
    return timestamp(expires)


def update(session: Session, call: Call) -> dict[str, Any]:
    file = _shareable(session, call)
    row = _direct(file, _grant(session, file, call))
    values = {name: row[name] for name in ("id", "type", "email", "domain", "discoverable")}
    role = call.body.get("role") or row["role"]
    before = _audience(session, file)
    if role == "owner" and row["role"] != "owner":
        _check_owner(session, file, call)
        _transfer(session, file, row["email"], call)
    elif row["role"] == "owner" and role != "owner":
        raise forbidden("cannotRemoveOwner", "The owner of a file cannot be changed like this.")
    else:
        body = call.body | {"role": role, "type": row["type"]}
        checked = Call(params=call.params, body=body)
        if role != "owner":
            _check_role(session, file, checked, values)
        kept = None if call.params["removeExpiration"] else row["expiration_time"]
        _put(session, file, values, role, _expiration(session, checked) or kept)
    _changed(session, file, before, added=False)
    return people.permission(file, _grant(session, file, call))


def delete(session: Session, call: Call) -> None:
    file = _file(session, call)
    grant = _grant(session, file, call)
    if grant.id != ids.permission_id(session.caller):  # everyone may leave
        file = _shareable(session, call)
    row = _direct(file, grant)
    if row["role"] == "owner":
        raise forbidden("cannotRemoveOwner", "The owner of a file cannot be removed.")
    before = _audience(session, file)
    session.run("delete from permissions where (file_id, id) = (?, ?)", [file.id, grant.id])
    session.forget_folders()
    _changed(session, file, before, added=False)


def _direct(file: File, grant: Grant) -> Any:
    """The permission's own row; what is inherited can only be changed where it comes from."""
    if grant.direct is None:
        kind = "TeamDrivePermission" if file.drive_id else "Permission"
        message = "Cannot update or delete an inherited permission on a shared drive item."
        raise forbidden(f"cannotModifyInherited{kind}", message)
    return grant.direct


def _file(session: Session, call: Call) -> File:
    return access.get_file(session, call.params["fileId"], all_drives=call.all_drives)


def _shareable(session: Session, call: Call) -> File:
    """A file that the caller may share."""
    file = _file(session, call)
    restrictions = resource.drive_restrictions(session, file.drive_id)
    role = access.role_on(session, file)
    if not file_capabilities(file, role, restrictions)["canShare"]:
        raise not_allowed(file.id)
    return file


def _grant(session: Session, file: File, call: Call) -> Grant:
    wanted = call.params["permissionId"]
    for grant in people.grants(session, file):
        if grant.id == wanted:
            return grant
    raise ApiError(404, "notFound", f"Permission not found: {wanted}.", "permissionId")


def _audience(session: Session, file: File) -> tuple[set[str], set[str]]:
    """Who hears of a file, before its permissions change."""
    return journal.logs_of(session, file), access.members(session, file.id)


def _changed(
    session: Session, file: File, before: tuple[set[str], set[str]], *, added: bool
) -> None:
    """Enters the change: of the drive itself for members, else of the file alone."""
    session.run("update files set version = version + 1 where id = ?", [file.id])
    changed = access.load(session, file.id) or file
    logs, members = before
    if file.is_drive_root:
        after = access.members(session, file.id)
        journal.record_drive(session, file.id, after, members - after)
        return
    journal.record(session, changed, logs)
    journal.ring_file(session, file.id, "update", {"permissions"})
    journal.ring_file(session, file.id, "add" if added else "remove", set())
