"""A memory world with versions in it, for tests that read back."""

from datetime import timedelta

from custody.domain.restore import Target, newest_state, place
from custody.domain.vault import FileId, Holding, HoldingEpoch, Version
from custody.steps.restore import Archive, Sealers, read_histories, restorable, unwrap_all
from samples import FILE, LIFE, a_draft, a_holding, a_version
from worlds.memory import MemoryWorld


class FilledWorld(MemoryWorld):
    """One open holding, and whatever a test keeps in it."""

    def __init__(self) -> None:
        super().__init__()
        self.open(LIFE)

    @property
    def archive(self) -> Archive:
        return Archive(
            registry=self.registry,
            fences=self.fences,
            keys=self.keys,
            index=self.index,
            vault=self.vault,
        )

    def open(self, life: HoldingEpoch) -> Holding:
        self.keys.create(life)
        holding = a_holding(life)
        self.registry.save_holding(holding)
        return holding

    def keep(
        self,
        content: bytes,
        *,
        name: str = "deals.csv",
        file: str = "file-one",
        revision: str = "r1",
        life: HoldingEpoch = LIFE,
        indexed: bool = True,
    ) -> Version:
        """Stores a version now, after those that are there."""
        sealer = self.keys.unwrap(life)
        seen = self.index.read(life, FileId(file), sealer=sealer)
        draft = a_draft(
            revision,
            life,
            FileId(file),
            file_name=name,
            captured_at=self.now(),
            drive_version=len(seen.value.versions) + 1,
        )
        version = self.vault.store(
            draft,
            lambda: iter([content]),
            sealer=sealer,
            base=None,
            latest=None,
            deadline=self.now() + timedelta(minutes=1),
        )
        if indexed:
            self.index.write(seen.value.with_version(version), stamp=seen.stamp, sealer=sealer)
        return version

    def sealers(self) -> Sealers:
        return restorable(self.archive, unwrap_all(self.archive, self.registry.holdings()))

    def targets(self) -> list[Target]:
        """The newest state of everything."""
        return place(newest_state(read_histories(self.index, self.sealers())), by_source=False)

    def promise(self, revision: str = "r9") -> Version:
        """A version that the index knows and the vault does not have."""
        sealer = self.keys.unwrap(LIFE)
        seen = self.index.read(LIFE, FILE, sealer=sealer)
        version = a_version(revision, drive_version=99)
        self.index.write(seen.value.with_version(version), stamp=seen.stamp, sealer=sealer)
        return version
