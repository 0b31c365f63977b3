"""Puts a lost keyset back into the first bucket, from what lies off-site."""

from custody.adapters.keys import associated, is_destroyed, recovery_associated
from custody.adapters.ranges import Objects
from custody.adapters.recovery import RecoveryKey
from custody.domain import names
from custody.domain.vault import HoldingEpoch
from custody.errors import CorruptError, MissingKeysetError, NotFoundError, RefusedError
from custody.ports import Kek


class BucketKeyRescue:
    """The KeyRescue port."""

    def __init__(
        self,
        bucket: Objects,
        kek: Kek,
        *,
        environment: str,
        offsite: Objects,
        recovery: RecoveryKey | None,
        has_recipient: bool,
    ) -> None:
        """With the recovery key a keyset is wrapped anew, for the present wrapping key."""
        self._bucket = bucket
        self._kek = kek
        self._environment = environment
        self._offsite = offsite
        self._recovery = recovery
        self._copies = [names.keyset_name, *([names.recovery_name] if has_recipient else [])]

    def stands(self, life: HoldingEpoch) -> bool:
        return self._bucket.exists(names.keyset_name(life))

    def lacking(self, life: HoldingEpoch) -> int:
        return sum(not self._offsite.exists(name(life)) for name in self._copies)

    def put_back(self, life: HoldingEpoch) -> None:
        if is_destroyed(life, self._bucket, self._offsite):
            raise RefusedError(f"the keyset of {life} was destroyed: it comes back from nowhere")
        wrapped = self._rewrapped(life, self._recovery) if self._recovery else self._copied(life)
        self._bucket.create(names.keyset_name(life), wrapped)

    def _copied(self, life: HoldingEpoch) -> bytes:
        """As it lies off-site; tried, since a copy of another key would be of no use."""
        wrapped = self._take(names.keyset_name(life), life)
        try:
            self._kek.unwrap(wrapped, associated(life, self._environment))
        except CorruptError as error:
            raise CorruptError(
                f"the present wrapping key does not unwrap the copy of {life}: name the recovery "
                "key with --key"
            ) from error
        return wrapped

    def _rewrapped(self, life: HoldingEpoch, recovery: RecoveryKey) -> bytes:
        sealed = self._take(names.recovery_name(life), life)
        keyset = recovery.unwrap(sealed, recovery_associated(life))
        return self._kek.wrap(keyset, associated(life, self._environment))

    def _take(self, name: str, life: HoldingEpoch) -> bytes:
        try:
            return self._offsite.read(name).data
        except NotFoundError as error:
            raise MissingKeysetError(f"no copy of the keyset of {life} lies off-site") from error
