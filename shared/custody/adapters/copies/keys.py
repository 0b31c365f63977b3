"""The keys: one wrapped keyset an epoch. Without it every copy of that epoch is unreadable."""

from google.cloud import storage

from custody.adapters.copies.bucket import BucketStore, stretch
from custody.adapters.copies.looking import Onlooker, behind_name
from custody.domain import names
from custody.domain.erasure import Fate, Found, Horizon, Target, Thing
from custody.errors import ConflictError, NotFoundError


class KeysStore(BucketStore):
    """The Store port."""

    def close(self, target: Target) -> None:
        """Marks the keyset as destroyed, so that nobody makes it again. The mark stays for ever."""
        try:
            self._bucket.write(names.destroyed_name(target.life), b"", over=0)
        except ConflictError:
            return  # it stands already

    def find(self, target: Target, after: str) -> Found:
        """A keyset that soft delete keeps is there until its date: whoever restores it reads all.

        The bucket is made without soft delete. Where somebody switched it on, this copy is blocked
        until that date, while all others go.
        """
        now, name = self._clock(), names.keyset_name(target.life)
        things = [one.thing(now) for one in self._bucket.generations(name, after)]
        if name > after and self._bucket.keeps_deleted():
            kept = self._bucket.soft_deleted(name)
            things += [Thing(name=name, fate=Fate.RETAINED, until=until) for until in kept]
        return stretch(things, self._page)

    def horizon(self, target: Target) -> Horizon:
        return self._bucket.horizon(self._bucket.soft_deleted(names.keyset_name(target.life)))


class KeysWitness:
    """The Witness port."""

    def __init__(self, client: storage.Client, bucket: str) -> None:
        self._onlooker = Onlooker(client, bucket)

    def remaining(self, target: Target, after: str, last: str | None) -> int:
        """A keyset that soft delete keeps is there, too: whoever restores it reads everything.

        Raises ConflictError where the mark does not stand: the keyset could be made again.
        """
        self._require_mark(target)
        name = names.keyset_name(target.life)
        asked = (name, behind_name(name), after, last)
        looks = (self._onlooker.generations(*asked), self._onlooker.soft_deleted(*asked))
        return sum(1 for look in looks for _ in look)

    def _require_mark(self, target: Target) -> None:
        try:
            self._onlooker.require(names.destroyed_name(target.life))
        except NotFoundError as error:
            raise ConflictError("the mark of the destroyed keyset is missing") from error
