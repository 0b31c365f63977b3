"""Keysets: one an epoch, wrapped by the environment's key, in a bucket of their own."""

from custody.adapters.objects import Bucket
from custody.adapters.sealing import Sealer
from custody.domain import names
from custody.domain.vault import HoldingEpoch
from custody.errors import MissingKeysetError, NotFoundError, RefusedError
from custody.ports import Kek


class BucketKeys:
    """The Keys port."""

    def __init__(self, bucket: Bucket, kek: Kek, *, environment: str) -> None:
        self._bucket = bucket
        self._kek = kek
        self._environment = environment

    def create(self, life: HoldingEpoch) -> None:
        if self._bucket.exists(names.destroyed_name(life)):
            raise RefusedError(f"the keyset of {life} was destroyed: open the next epoch instead")
        wrapped = self._kek.wrap(Sealer.generate(), self._associated(life))
        self._bucket.create(names.keyset_name(life), wrapped)

    def unwrap(self, life: HoldingEpoch) -> Sealer:
        try:
            stored = self._bucket.read(names.keyset_name(life))
        except NotFoundError as error:
            raise MissingKeysetError(
                f"the keyset of {life} is not there: nothing is captured until it is restored"
            ) from error
        return Sealer(self._kek.unwrap(stored.data, self._associated(life)))

    def _associated(self, life: HoldingEpoch) -> bytes:
        bound = ("custody/keyset/v1", life.customer, life.source, life.epoch, self._environment)
        return "|".join(map(str, bound)).encode()
