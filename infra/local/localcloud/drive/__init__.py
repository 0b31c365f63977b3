"""Drive v3 of the local cloud."""

from localcloud.drive.server import DriveServer

__all__ = ["DriveServer"]
