"""Keysets: one an epoch, wrapped by the environment's key, in a bucket of their own.

Off-site lies the same wrapped keyset and, for the day when there is no environment left, one that
only the offline recovery key can unwrap.
"""

from collections.abc import Callable

from custody.adapters.ranges import Objects
from custody.adapters.sealing import Sealer
from custody.domain import names
from custody.domain.vault import HoldingEpoch
from custody.errors import MissingKeysetError, NotFoundError, RefusedError
from custody.ports import Kek, Recipient


class BucketKeys:
    """The Keys port, on whatever holds wrapped keysets."""

    def __init__(self, bucket: Objects, kek: Kek, *, environment: str) -> None:
        self._bucket = bucket
        self._kek = kek
        self._environment = environment

    def unwrap(self, life: HoldingEpoch) -> Sealer:
        return Sealer(self._keyset(life, self.wrapped(life)))

    def wrapped(self, life: HoldingEpoch) -> bytes:
        """As it is stored. MissingKeysetError."""
        try:
            return self._bucket.read(names.keyset_name(life)).data
        except NotFoundError as error:
            raise MissingKeysetError(
                f"the keyset of {life} is not there: nothing is captured until it is restored"
            ) from error

    def _keyset(self, life: HoldingEpoch, wrapped: bytes) -> bytes:
        return self._kek.unwrap(wrapped, associated(life, self._environment))


class BucketKeyMaker(BucketKeys):
    """The KeyMaker port. The first bucket decides: copies are made of what stands there."""

    def __init__(
        self,
        bucket: Objects,
        kek: Kek,
        *,
        environment: str,
        offsite: Objects,
        recovery: Recipient | None,
    ) -> None:
        super().__init__(bucket, kek, environment=environment)
        self._offsite = offsite
        self._recovery = recovery

    def create(self, life: HoldingEpoch) -> None:
        self._require_not_destroyed(life)
        keyset = Sealer.generate()
        wrapped = self._kek.wrap(keyset, associated(life, self._environment))
        self._bucket.create(names.keyset_name(life), wrapped)
        self._copy_out(life, wrapped, lambda: keyset)

    def complete(self, life: HoldingEpoch) -> int:
        self._require_not_destroyed(life)
        wrapped = self.wrapped(life)
        return self._copy_out(life, wrapped, lambda: self._keyset(life, wrapped))

    def _copy_out(self, life: HoldingEpoch, wrapped: bytes, keyset: Callable[[], bytes]) -> int:
        """A copy for recovery is another ciphertext each time: the one that stands, stays.

        The keyset is asked for only where that one is missing: few have the right to unwrap.
        """
        made = 0
        if not self._offsite.exists(names.keyset_name(life)):
            self._offsite.create(names.keyset_name(life), wrapped)
            made += 1
        if self._recovery and not self._offsite.exists(names.recovery_name(life)):
            sealed = self._recovery.wrap(keyset(), recovery_associated(life))
            self._offsite.create(names.recovery_name(life), sealed)
            made += 1
        return made

    def _require_not_destroyed(self, life: HoldingEpoch) -> None:
        if is_destroyed(life, self._bucket, self._offsite):
            raise RefusedError(f"the keyset of {life} was destroyed: open the next epoch instead")


def is_destroyed(life: HoldingEpoch, *places: Objects) -> bool:
    """Whether any of them has the mark that this keyset was shredded."""
    return any(place.exists(names.destroyed_name(life)) for place in places)


def associated(life: HoldingEpoch, environment: str) -> bytes:
    """What a wrapped keyset is bound to."""
    bound = ("custody/keyset/v1", life.customer, life.source, life.epoch, environment)
    return "|".join(map(str, bound)).encode()


def recovery_associated(life: HoldingEpoch) -> bytes:
    """What a keyset for recovery is bound to: nothing that its name does not say."""
    bound = ("custody/recovery/v1", life.customer, life.source, life.epoch)
    return "|".join(map(str, bound)).encode()
