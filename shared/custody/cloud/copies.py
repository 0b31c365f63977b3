"""The copies as erasures meet them; the function of each copy imports its own alone."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from custody.cloud.adapters import Adapters

if TYPE_CHECKING:
    from custody.adapters.drive_api import DriveApi
    from custody.domain.erasure import Copy
    from custody.ports import Store, Witness


T = TypeVar("T")


class _OnFirstUse(dict["Copy", T]):
    """Makes what is asked for, once: a function that erases one copy connects to that one."""

    def __init__(self, make: Callable[["Copy"], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, copy: "Copy") -> T:
        return self.setdefault(copy, self._make(copy))


class Copies(Adapters):
    """What deletes from each copy, and what looks with other eyes."""

    @property
    def stores(self) -> "Mapping[Copy, Store]":
        return _OnFirstUse(self._store)

    @property
    def witnesses(self) -> "Mapping[Copy, Witness]":
        return _OnFirstUse(self._witness)

    def _store(self, copy: "Copy") -> "Store":
        """A copy as it is erased; the function of each copy imports its own alone."""
        match copy.value:
            case "vault":
                from custody.adapters.copies.vault import VaultStore

                return VaultStore(self.storage, self._named("VAULT"), self.now)
            case "offsite":
                from custody.adapters.copies.offsite import OffsiteStore

                buckets = (self._named("OFFSITE"), self._named("OFFSITE_KEYS"))
                return OffsiteStore(self.s3, *buckets, self.now)
            case "keys":
                from custody.adapters.copies.keys import KeysStore

                return KeysStore(self.storage, self._named("KEYS"), self.now)
            case "ledger":
                from custody.adapters.copies.ledger import LedgerStore

                return LedgerStore(self.storage, self._named("LEDGER"), self.now)
            case "drive":
                from custody.adapters.copies.drive import DriveStore

                return DriveStore(
                    self._organizers_drive_api,
                    self._guests_drive_api,
                    drive_id=self.settings.text("CUSTODY_DRIVE_ID"),
                    index=self.index,
                    quarantine=self.quarantine,
                    registry=self.registry,
                    clock=self.now,
                )

    def _witness(self, copy: "Copy") -> "Witness":
        """A copy as somebody sees it who never deletes."""
        match copy.value:
            case "vault":
                from custody.adapters.copies.vault import VaultWitness

                return VaultWitness(self.storage, self._named("VAULT"))
            case "offsite":
                from custody.adapters.copies.offsite_witness import OffsiteWitness

                buckets = (self._named("OFFSITE"), self._named("OFFSITE_KEYS"))
                return OffsiteWitness(self.s3, *buckets)
            case "keys":
                from custody.adapters.copies.keys import KeysWitness

                return KeysWitness(self.storage, self._named("KEYS"))
            case "ledger":
                from custody.adapters.copies.ledger import LedgerWitness

                return LedgerWitness(self.storage, self._named("LEDGER"))
            case "drive":
                from custody.adapters.copies.drive_witness import DriveWitness

                return DriveWitness(
                    self._organizers_drive_api,
                    self._guests_drive_api,
                    drive_id=self.settings.text("CUSTODY_DRIVE_ID"),
                    index=self.index,
                    quarantine=self.quarantine,
                )

    @cached_property
    def _organizers_drive_api(self) -> "DriveApi":
        """The function's own identity, which alone may delete in the shared drive."""
        from custody.adapters.drive_api import READ_WRITE

        return self._new_drive_api(READ_WRITE, subject="")

    @cached_property
    def _guests_drive_api(self) -> "DriveApi":
        """The role identity, with which customers share what they own."""
        from custody.adapters.drive_api import READ_WRITE

        return self._new_drive_api(READ_WRITE)
