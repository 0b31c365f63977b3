"""Every method that the server knows, by its id in Google's discovery document."""

from dataclasses import dataclass

from localcloud.drive import (
    about,
    changes,
    channels,
    downloads,
    drives,
    files,
    permissions,
    revisions,
    search,
    trash,
)
from localcloud.drive.call import Handler


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What answers a method, and whether it may change anything."""

    run: Handler
    writes: bool


def _reads(run: Handler) -> Method:
    return Method(run=run, writes=False)


def _writes(run: Handler) -> Method:
    return Method(run=run, writes=True)


METHODS: dict[str, Method] = {
    "drive.about.get": _reads(about.get),
    "drive.changes.getStartPageToken": _reads(changes.get_start_page_token),
    "drive.changes.list": _reads(changes.list_changes),
    "drive.changes.watch": _writes(channels.watch_changes),
    "drive.channels.stop": _writes(channels.stop),
    "drive.drives.create": _writes(drives.create),
    "drive.drives.delete": _writes(drives.delete),
    "drive.drives.get": _reads(drives.get),
    "drive.drives.hide": _writes(drives.hide),
    "drive.drives.list": _reads(drives.list_drives),
    "drive.drives.unhide": _writes(drives.unhide),
    "drive.drives.update": _writes(drives.update),
    "drive.files.copy": _writes(files.copy),
    "drive.files.create": _writes(files.create),
    "drive.files.delete": _writes(trash.delete),
    "drive.files.download": _writes(downloads.download),
    "drive.files.emptyTrash": _writes(trash.empty_trash),
    "drive.files.export": _reads(downloads.export),
    "drive.files.generateIds": _reads(about.generate_ids),
    "drive.files.get": _reads(files.get),
    "drive.files.list": _reads(search.list_files),
    "drive.files.update": _writes(files.update),
    "drive.files.watch": _writes(channels.watch_file),
    "drive.operations.get": _reads(downloads.get_operation),
    "drive.permissions.create": _writes(permissions.create),
    "drive.permissions.delete": _writes(permissions.delete),
    "drive.permissions.get": _reads(permissions.get),
    "drive.permissions.list": _reads(permissions.list_permissions),
    "drive.permissions.update": _writes(permissions.update),
    "drive.revisions.delete": _writes(revisions.delete),
    "drive.revisions.get": _reads(revisions.get),
    "drive.revisions.list": _reads(revisions.list_revisions),
    "drive.revisions.update": _writes(revisions.update),
}
