"""The vault: every version of one epoch, in every generation that there is of it."""

from google.cloud import storage

from custody.adapters.copies.bucket import BucketStore
from custody.adapters.copies.looking import Onlooker, behind
from custody.domain import names
from custody.domain.erasure import Found, Horizon, Target


class VaultStore(BucketStore):
    """The Store port."""

    def close(self, target: Target) -> None:
        """Ends what multipart uploads there are, though our writers use none.

        Theirs are resumable uploads, which nobody can list: such a session dies within a week
        (Cloud Storage, "Resumable uploads"), and whatever it still brings the daily sweeps find.
        """
        self._bucket.abort_uploads(names.life_prefix(target.life))

    def find(self, target: Target, after: str) -> Found:
        return self._stretch(self._bucket.generations(names.life_prefix(target.life), after))

    def horizon(self, target: Target) -> Horizon:
        return self._bucket.horizon(self._bucket.soft_deleted(names.life_prefix(target.life)))


class VaultWitness:
    """The Witness port."""

    def __init__(self, client: storage.Client, bucket: str) -> None:
        self._onlooker = Onlooker(client, bucket)

    def remaining(self, target: Target, after: str, last: str | None) -> int:
        first = names.life_prefix(target.life)
        return sum(1 for _ in self._onlooker.generations(first, behind(first), after, last))
