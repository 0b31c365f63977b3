"""Which code answers which method of Google's definition. What is not here is refused by name."""

from collections.abc import Callable
from typing import Any, TypeAlias

from localcloud.storage import (
    buckets,
    copying,
    listing,
    managed_folders,
    notifications,
    objects,
    policies,
)
from localcloud.storage.call import Call, Media
from localcloud.storage.store import Store

Answer: TypeAlias = dict[str, Any] | Media | None
Method: TypeAlias = Callable[[Store, Call], Answer]

METHODS: dict[str, Method] = {
    "storage.buckets.delete": buckets.delete,
    "storage.buckets.get": buckets.get,
    "storage.buckets.getIamPolicy": policies.get,
    "storage.buckets.getStorageLayout": buckets.get_storage_layout,
    "storage.buckets.insert": buckets.insert,
    "storage.buckets.list": buckets.list_,
    "storage.buckets.lockRetentionPolicy": buckets.lock_retention_policy,
    "storage.buckets.patch": buckets.patch,
    "storage.buckets.restore": buckets.restore,
    "storage.buckets.setIamPolicy": policies.set_,
    "storage.buckets.testIamPermissions": policies.test_permissions,
    "storage.buckets.update": buckets.update,
    "storage.managedFolders.delete": managed_folders.delete,
    "storage.managedFolders.get": managed_folders.get,
    "storage.managedFolders.getIamPolicy": managed_folders.get_policy,
    "storage.managedFolders.insert": managed_folders.insert,
    "storage.managedFolders.list": managed_folders.list_,
    "storage.managedFolders.setIamPolicy": managed_folders.set_policy,
    "storage.managedFolders.testIamPermissions": managed_folders.test_permissions,
    "storage.notifications.delete": notifications.delete,
    "storage.notifications.get": notifications.get,
    "storage.notifications.insert": notifications.insert,
    "storage.notifications.list": notifications.list_,
    "storage.objects.compose": copying.compose,
    "storage.objects.copy": copying.copy,
    "storage.objects.delete": objects.delete,
    "storage.objects.get": objects.get,
    "storage.objects.list": listing.list_,
    "storage.objects.patch": objects.patch,
    "storage.objects.restore": objects.restore,
    "storage.objects.rewrite": copying.rewrite,
    "storage.objects.update": objects.update,
}
