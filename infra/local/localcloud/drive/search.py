"""files.list: which files a caller finds, in what order, page by page."""

from dataclasses import dataclass
from typing import Any

from localcloud.drive import access
from localcloud.drive.call import Call
from localcloud.drive.conditions import Conditions
from localcloud.drive.ids import root_folder_id
from localcloud.drive.model import FILE_COLUMNS, FOLDER, File
from localcloud.drive.pages import page_token, place_of
from localcloud.drive.query import parse
from localcloud.drive.refusals import bad_request, forbidden, invalid
from localcloud.drive.resource import FileView
from localcloud.drive.session import Session

# `reached` are the folders whose contents the caller sees, `binned` those inside trash.
_SETS = f"""
with recursive
granted (file_id, role) as (
    select file_id, role from permissions
    where email = :caller and (expiration_time is null or expiration_time > :now)
),
reached (id) as (
    select granted.file_id from granted
    join files on files.id = granted.file_id where files.mime_type = '{FOLDER}'
    union
    select files.id from reached join files on files.parent = reached.id
    where files.mime_type = '{FOLDER}' and (not files.limited or files.drive_id in (
        select file_id from granted where role = 'organizer'))
),
binned (id) as (
    select id from files where trashed_time is not null and mime_type = '{FOLDER}'
    union
    select files.id from binned join files on files.parent = binned.id
    where files.mime_type = '{FOLDER}'
)
"""  # noqa: S608 (constants)
_VISIBLE = (
    "(files.parent in (select id from reached) or files.owner = :caller"
    " or files.id in (select file_id from granted))"
)
_IN_DOMAIN = (
    "exists (select 1 from permissions wide where wide.file_id = files.id"
    " and wide.domain = :domain and wide.discoverable)"
)
# My Drive and the tops of shared drives are places, not files.
_NO_TOPS = "files.id is not files.drive_id and files.id != :root"
_ACCESSED = "files.modified_by = :caller or files.id in (select file_id from granted)"
_KEYS = {
    "createdTime": "files.created_time",
    "folder": f"(files.mime_type is not '{FOLDER}')",
    "modifiedByMeTime": "iif(files.modified_by = :caller, files.modified_time, '')",
    "modifiedTime": "files.modified_time",
    "name": "files.name collate nocase",
    "name_natural": "files.name collate by_number",
    "quotaBytesUsed": "coalesce((select size from revisions"
    " where file_id = files.id and id = files.head), 0)",
    "recency": "files.modified_time",
    "sharedWithMeTime": "coalesce((select created_time from permissions"
    " where file_id = files.id and email = :caller), '')",
    "starred": "(not exists (select 1 from stars where file_id = files.id and email = :caller))",
    "viewedByMeTime": "''",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    expression: str
    descending: bool


def list_files(session: Session, call: Call) -> dict[str, Any]:
    scope = _scope(session, call)
    conditions = Conditions(session=session, root=root_folder_id(session.caller))
    wanted = conditions.of(parse(call.params["q"])) if call.params.get("q") else "true"
    keys = _order(call.params.get("orderBy"))
    if keys and conditions.full_text:
        raise bad_request(
            "Sorting is not supported for queries with fullText terms."
            " Results are always in descending relevance order.",
            "orderBy",
        )
    keys = keys or [_Key(expression="files.modified_time", descending=True)]
    drives = _drives(call, in_a_folder=conditions.in_a_folder)
    return _page(session, call, f"{scope} and {drives} and {wanted}", conditions.values, keys)


def _page(
    session: Session, call: Call, condition: str, values: list[Any], keys: list[_Key]
) -> dict[str, Any]:
    keys = [*keys, _Key(expression="files.number", descending=True)]
    named = {"caller": session.caller, "now": session.time, "drive": call.drive_id}
    named |= {"domain": session.caller.partition("@")[2], "root": root_folder_id(session.caller)}
    place = place_of(session, call.params)
    after = _after(keys, named, place) if place else "true"
    sorting = ", ".join(key.expression + (" desc" if key.descending else "") for key in keys)
    columns = ", ".join(f"{key.expression} as key{at}" for at, key in enumerate(keys))
    size = call.params["pageSize"]
    rows = session.rows(
        f"{_SETS} select {FILE_COLUMNS}, {columns} from files"  # noqa: S608 (our own parts)
        f" where {_numbered(condition, values, named)} and {after}"
        f" order by {sorting} limit {size + 1}",
        named,
    )
    view = FileView(session, call.inner_mask("files"))
    page = {
        "kind": "drive#fileList",
        "incompleteSearch": False,
        "files": view.show_all(File.of(row) for row in rows[:size]),
    }
    if len(rows) > size:
        last = [rows[size - 1][f"key{at}"] for at in range(len(keys))]
        page["nextPageToken"] = page_token(session, call.params, last)
    return page


def _numbered(condition: str, values: list[Any], named: dict[str, Any]) -> str:
    """Gives every question mark of a condition the name of its value."""
    parts = condition.split("?")
    text = parts[0]
    for at, (value, part) in enumerate(zip(values, parts[1:], strict=True)):
        named[f"value{at}"] = value
        text += f":value{at}{part}"
    return text


def _after(keys: list[_Key], named: dict[str, Any], place: list[Any]) -> str:
    """The rows behind the last one of the page before, however many were removed since."""
    if len(place) != len(keys):
        raise invalid("pageToken")
    alternatives, same = [], "true"
    for at, key in enumerate(keys):
        named[f"place{at}"] = place[at]
        comparison = "<" if key.descending else ">"
        alternatives.append(f"({same} and {key.expression} {comparison} :place{at})")
        same += f" and {key.expression} is :place{at}"
    return "(" + " or ".join(alternatives) + ")"


def _order(text: str | None) -> list[_Key]:
    keys = []
    for part in (text or "").split(","):
        name, _, direction = part.strip().partition(" ")
        if not name:
            continue
        if name not in _KEYS or direction.strip() not in ("", "desc"):
            raise invalid("orderBy")
        keys.append(_Key(expression=_KEYS[name], descending=direction.strip() == "desc"))
    return keys


def _scope(session: Session, call: Call) -> str:
    """The condition that a corpus sets (Drive guide "Implement shared drive support")."""
    corpora = call.params.get("corpora") or _older_corpora(call)
    if corpora not in ("user", "drive", "domain", "allDrives"):
        raise invalid("corpora")
    if not wants_drive(call):
        return "false"
    if (corpora == "drive") != (call.drive_id is not None):
        message = "The driveId parameter must be specified if and only if corpora is set to drive."
        raise forbidden("teamDriveIdRequiresTeamDriveCorpora", message)
    if corpora in ("drive", "allDrives"):
        require_shared_drives(call)
    if corpora == "drive":
        access.get_drive_role(session, str(call.drive_id))
        return f"{_NO_TOPS} and files.drive_id = :drive and {_VISIBLE}"
    return f"{_NO_TOPS} and {_IN_DOMAIN if corpora == 'domain' else _VISIBLE}"


def _older_corpora(call: Call) -> str:
    if call.params.get("corpus"):
        return str(call.params["corpus"])
    return "drive" if call.params.get("teamDriveId") else "user"


def _drives(call: Call, *, in_a_folder: bool) -> str:
    """Whether items of shared drives are found too, and which."""
    if not (call.all_drives and call.include_all_drives):
        return "files.drive_id is null"
    if in_a_folder or call.params.get("corpora", "user") != "user":
        return "true"
    # The user corpus holds what the user has accessed, unless a folder is asked for.
    return f"(files.drive_id is null or {_ACCESSED})"


def wants_drive(call: Call) -> bool:
    """Whether a call is about the space of users' files; that of applications is empty here."""
    spaces = set(call.params["spaces"].split(","))
    if not spaces <= {"drive", "appDataFolder", "photos"}:
        raise invalid("spaces")
    return "drive" in spaces


def require_shared_drives(call: Call) -> None:
    """Refuses a call about a shared drive by a client that does not say it knows them."""
    case = "driveId is specified or corpora contains drive or allDrives"
    for given, name in (
        (call.all_drives, "supportsAllDrives"),
        (call.include_all_drives, "includeItemsFromAllDrives"),
    ):
        if not given:
            message = f"The {name} parameter must be set to true when {case}."
            raise forbidden("teamDriveIncludeItemsRequired", message)
