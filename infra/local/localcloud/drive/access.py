"""Who may see and do what: roles, inherited along the folders, and who hears of a change."""

from localcloud.drive import ids
from localcloud.drive.model import FILE_COLUMNS, FOLDER, ROLES, File, Role
from localcloud.drive.refusals import drive_not_found, file_not_found, not_allowed
from localcloud.drive.session import Session

# A permission reaches everything below its folder until a folder with limited access.
CHAIN = """
with recursive chain (id, parent, limited, depth) as (
    select id, parent, limited, 0 from files where id = :id
    union all
    select above.id, above.parent, above.limited, chain.depth + 1
    from chain join files above on above.id = chain.parent
)
"""


def load(session: Session, file_id: str) -> File | None:
    """A file, whoever asks."""
    row = session.row(f"select {FILE_COLUMNS} from files where id = ?", [file_id])  # noqa: S608
    return File.of(row) if row else None


def get_file(
    session: Session, file_id: str, *, all_drives: bool, need: Role = Role.METADATA
) -> File:
    """A file for a caller who needs a role: 404 without access, 403 with too little of it."""
    file = load(session, resolve(session, file_id))
    if file is None or (file.drive_id and not all_drives):
        raise file_not_found(file_id)
    role = role_on(session, file)
    if role == Role.NONE:
        raise file_not_found(file_id)
    if role < need:
        raise not_allowed(file_id)
    return file


def resolve(session: Session, file_id: str) -> str:
    """`root` is the caller's My Drive."""
    return ensure_root(session, session.caller) if file_id == "root" else file_id


def ensure_root(session: Session, email: str) -> str:
    """The id of a user's My Drive, which comes into being when it is first needed."""
    root = ids.root_folder_id(email)
    if session.row("select 1 from files where id = ?", [root]) is None:
        values = {"id": root, "name": "My Drive", "words": "", "mime_type": FOLDER}
        times = {"created_time": session.time, "modified_time": session.time}
        people = {"owner": email, "modified_by": email}
        session.insert("files", values | times | people | {"version": 1})
        grant_owner(session, root, email)
    return root


def is_top(file: File) -> bool:
    """A My Drive or the top of a shared drive: a place that stays where it is."""
    return file.is_drive_root or file.id == ids.root_folder_id(str(file.owner))


def grant_owner(session: Session, file_id: str, email: str) -> None:
    """The permission that every file of a My Drive has."""
    session.insert(
        "permissions",
        {
            "file_id": file_id,
            "id": ids.permission_id(email),
            "type": "user",
            "role": "owner",
            "email": email,
            "created_time": session.time,
            "created_by": email,
        },
    )


def role_on(session: Session, file: File) -> Role:
    """What the caller is to a file, by its own permissions and those above it."""
    above = passed_down(session, file.parent)
    if file.limited and Role.METADATA < above < Role.ORGANIZER:
        above = Role.METADATA
    return max(_granted(session, file.id), above)


def passed_down(session: Session, folder_id: str | None) -> Role:
    """What a folder makes of the caller for everything inside."""
    if folder_id is None:
        return Role.NONE
    if folder_id not in session.passed_down:
        session.passed_down[folder_id] = _inside(session, folder_id)
    return session.passed_down[folder_id]


def _inside(session: Session, folder_id: str) -> Role:
    folder = session.row("select parent, limited from files where id = ?", [folder_id])
    if folder is None:
        return Role.NONE
    above = passed_down(session, folder["parent"])
    if folder["limited"] and above < Role.ORGANIZER:
        above = Role.NONE
    own = _granted(session, folder_id)
    # Whoever owns a folder may edit what others put into it, but does not own it.
    return max(above, Role.WRITER if own == Role.OWNER else own)


def _granted(session: Session, file_id: str) -> Role:
    rows = session.rows(
        "select role from permissions where file_id = :file and (expiration_time is null"
        " or expiration_time > :now) and (email = :email or domain = :domain or type = 'anyone')",
        {
            "file": file_id,
            "now": session.time,
            "email": session.caller,
            "domain": session.caller.partition("@")[2],
        },
    )
    return max((ROLES[row["role"]] for row in rows), default=Role.NONE)


def is_trashed(session: Session, file: File) -> bool:
    """Trashed itself or inside a trashed folder."""
    return file.trashed_time is not None or _in_trash(session, file.parent)


def _in_trash(session: Session, folder_id: str | None) -> bool:
    if folder_id is None:
        return False
    known = session.trashed_folders
    if folder_id not in known:
        row = session.row("select parent, trashed_time from files where id = ?", [folder_id])
        known[folder_id] = row is not None and (
            row["trashed_time"] is not None or _in_trash(session, row["parent"])
        )
    return known[folder_id]


def get_drive_role(session: Session, drive_id: str, need: Role = Role.READER) -> Role:
    """The caller's role as a member of a shared drive; strangers learn nothing of it."""
    role = _granted(session, drive_id)
    if session.row("select 1 from drives where id = ?", [drive_id]) is None or role == Role.NONE:
        raise drive_not_found(drive_id)
    if role < need:
        raise not_allowed(drive_id)
    return role


def members(session: Session, file_id: str) -> set[str]:
    """Every user who has access to a file by a permission of their own, here or above."""
    return _people(session, file_id, "permissions.type in ('user', 'group')")


def guests(session: Session, file: File) -> set[str]:
    """Users who see an item of a shared drive without being members of the drive."""
    everyone = members(session, file.id)
    return everyone - _people(session, str(file.drive_id), "permissions.email is not null")


def _people(session: Session, file_id: str, condition: str) -> set[str]:
    # A folder with limited access cuts off what comes from above it, organizers apart.
    statement = f"""{CHAIN}
        select distinct permissions.email
        from chain join permissions on permissions.file_id = chain.id
        where {condition}
          and (permissions.expiration_time is null or permissions.expiration_time > :now)
          and (permissions.role = 'organizer' or not exists (
              select 1 from chain below where below.depth < chain.depth and below.limited))
    """  # noqa: S608 (our own conditions)
    rows = session.rows(statement, {"id": file_id, "now": session.time})
    return {row["email"] for row in rows}


def subtree(session: Session, file_id: str) -> list[File]:
    """A file and everything inside, folders before their contents."""
    statement = f"""
        with recursive below (id, depth) as (
            select :id, 0
            union all
            select files.id, below.depth + 1 from below join files on files.parent = below.id
        )
        select {FILE_COLUMNS} from below join files on files.id = below.id order by below.depth
    """  # noqa: S608 (our own columns)
    return [File.of(row) for row in session.rows(statement, {"id": file_id})]
