"""Cloud Storage: the JSON API v1 on loopback, with real generations, holds and soft delete."""

from localcloud.storage.server import StorageServer

__all__ = ["StorageServer"]
