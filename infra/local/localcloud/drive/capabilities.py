"""What the caller may do with a file or a shared drive, as `capabilities` tell it.

Sources: the schemas File and Drive of the discovery document, and the Drive guides "Roles and
permissions" and "Trash or delete files and folders".
"""

from collections.abc import Mapping
from typing import Any

from localcloud.drive.access import is_top
from localcloud.drive.model import File, Role


def file_capabilities(file: File, role: Role, restrictions: Mapping[str, Any]) -> dict[str, bool]:
    """Those of a file; `restrictions` are the ones of its shared drive."""
    common = _common(file, role, restrictions)
    if file.drive_id:
        return common | _in_shared_drive(file, role, restrictions)
    return common | _in_my_drive(file, role)


def _common(file: File, role: Role, restrictions: Mapping[str, Any]) -> dict[str, bool]:
    reads, edits = role >= Role.READER, role >= Role.WRITER
    downloads = may_download(file, role, restrictions)
    changes = edits and not file.is_drive_root
    modifies = edits and not is_locked(file)
    return {
        "canAcceptOwnership": False,
        "canAddChildren": file.is_folder and edits,
        "canChangeCopyRequiresWriterPermission": edits,
        "canChangeViewersCanCopyContent": edits,
        "canComment": role >= Role.COMMENTER,
        "canCopy": downloads and not file.is_folder,
        "canDownload": downloads,
        "canEdit": changes,
        "canListChildren": file.is_folder and reads,
        "canModifyContent": modifies,
        "canModifyContentRestriction": edits,
        "canReadRevisions": edits,
        "canRename": changes and modifies,
    }


def _in_my_drive(file: File, role: Role) -> dict[str, bool]:
    owns, edits = role == Role.OWNER, role >= Role.WRITER
    movable = not is_top(file)
    return {
        "canAddMyDriveParent": False,
        "canDelete": owns and movable,
        "canMoveChildrenWithinDrive": file.is_folder and edits,
        "canMoveItemOutOfDrive": owns and movable,
        "canMoveItemWithinDrive": edits and movable,
        "canRemoveChildren": file.is_folder and edits,
        "canRemoveMyDriveParent": False,
        "canShare": owns or (edits and file.details.get("writersCanShare", True)),
        "canTrash": owns and movable,
        "canUntrash": owns and movable,
        "canChangeItemDownloadRestriction": owns,
        "canDisableInheritedPermissions": owns and file.is_folder and not file.limited,
        "canEnableInheritedPermissions": owns and file.limited,
    }


def _in_shared_drive(file: File, role: Role, restrictions: Mapping[str, Any]) -> dict[str, bool]:
    arranges, manages = role >= Role.FILE_ORGANIZER, role >= Role.ORGANIZER
    item, folder = not file.is_drive_root, file.is_folder
    return {
        "canAddFolderFromAnotherDrive": folder and manages,
        "canDelete": manages and item,
        "canDeleteChildren": folder and manages,
        "canMoveChildrenOutOfDrive": folder and manages,
        "canMoveChildrenWithinDrive": folder and arranges,
        "canMoveItemOutOfDrive": manages and item,
        "canMoveItemWithinDrive": arranges and item,
        "canReadDrive": role >= Role.READER,
        "canRemoveChildren": folder and arranges,
        "canShare": may_share_in_drive(file, role, restrictions),
        "canTrash": arranges and item,
        "canTrashChildren": folder and arranges,
        "canUntrash": arranges and item,
        "canChangeItemDownloadRestriction": manages,
        "canDisableInheritedPermissions": manages and folder and item and not file.limited,
        "canEnableInheritedPermissions": manages and file.limited,
    }


def may_share_in_drive(file: File, role: Role, restrictions: Mapping[str, Any]) -> bool:
    """Files: contributors. Folders: content managers, or managers alone where the drive says so."""
    if file.is_drive_root:
        return role >= Role.ORGANIZER
    if not file.is_folder:
        return role >= Role.WRITER
    strict = restrictions.get("sharingFoldersRequiresOrganizerPermission", False)
    return role >= (Role.ORGANIZER if strict else Role.FILE_ORGANIZER)


def may_download(file: File, role: Role, restrictions: Mapping[str, Any]) -> bool:
    """Readers may be kept from the content, and writers too; owners and organizers never."""
    if role < Role.READER:
        return False
    if role >= Role.ORGANIZER:
        return True
    limits = download_restriction(file, restrictions)
    if role >= Role.WRITER:
        return not limits["restrictedForWriters"]
    return not limits["restrictedForReaders"]


def download_restriction(file: File, restrictions: Mapping[str, Any]) -> dict[str, bool]:
    """What the file's own settings and its drive's come to."""
    own = file.details.get("downloadRestrictions", {}).get("itemDownloadRestriction", {})
    drive = restrictions.get("downloadRestriction", {})
    writers = any(each.get("restrictedForWriters", False) for each in (own, drive))
    readers = any(each.get("restrictedForReaders", False) for each in (own, drive))
    copying = requires_writer_to_copy(file, restrictions)
    return {
        "restrictedForWriters": writers,
        "restrictedForReaders": writers or readers or copying,
    }


def requires_writer_to_copy(file: File, restrictions: Mapping[str, Any]) -> bool:
    own: bool = file.details.get("copyRequiresWriterPermission", False)
    return own or bool(restrictions.get("copyRequiresWriterPermission", False))


def is_locked(file: File) -> bool:
    """Content restrictions make a file read-only for everyone."""
    return any(each.get("readOnly") for each in file.details.get("contentRestrictions", []))


def drive_capabilities(role: Role) -> dict[str, bool]:
    """Those of a member of a shared drive."""
    reads, edits = role >= Role.READER, role >= Role.WRITER
    arranges, manages = role >= Role.FILE_ORGANIZER, role >= Role.ORGANIZER
    return {
        "canAddChildren": edits,
        "canChangeCopyRequiresWriterPermissionRestriction": manages,
        "canChangeDomainUsersOnlyRestriction": manages,
        "canChangeDownloadRestriction": manages,
        "canChangeDriveBackground": manages,
        "canChangeDriveMembersOnlyRestriction": manages,
        "canChangeSharingFoldersRequiresOrganizerPermissionRestriction": manages,
        "canComment": role >= Role.COMMENTER,
        "canCopy": reads,
        "canDeleteChildren": manages,
        "canDeleteDrive": manages,
        "canDownload": reads,
        "canEdit": edits,
        "canListChildren": reads,
        "canManageMembers": manages,
        "canReadRevisions": edits,
        "canRename": edits,
        "canRenameDrive": manages,
        "canResetDriveRestrictions": manages,
        "canShare": edits,
        "canTrashChildren": arranges,
    }
