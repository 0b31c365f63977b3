"""What retention let go, and orders to delete: small objects, all of them create-only."""

from collections.abc import Sequence

from custody.adapters import records
from custody.adapters.objects import Bucket
from custody.domain import names
from custody.domain.disposal import Disposal, DisposalId
from custody.domain.erasure import Thing
from custody.domain.retention import RetentionPlan, RetentionPlanId
from custody.domain.vault import HoldingEpoch, ObjectName


class BucketMarks:
    """The Marks port: an empty object a name."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def put(self, name: ObjectName) -> None:
        self._bucket.create(names.mark_name(name), b"")

    def marked(self, name: ObjectName) -> bool:
        return self._bucket.exists(names.mark_name(name))

    def all(self, life: HoldingEpoch) -> frozenset[ObjectName]:
        return frozenset(map(names.parse_mark_name, self._bucket.names(names.mark_prefix(life))))


class BucketDisposals:
    """The Disposals port."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def add(self, disposal: Disposal) -> None:
        records.once(self._bucket, names.disposal_name(disposal.id), disposal, Disposal)

    def find(self, disposal: DisposalId) -> Disposal:
        return records.read(self._bucket, names.disposal_name(disposal), Disposal)

    def note(self, disposal: DisposalId, things: Sequence[Thing]) -> Sequence[Thing]:
        name = names.disposal_found_name(disposal)
        return records.once(self._bucket, name, list(things), list[Thing])


class BucketRetentionPlans:
    """The RetentionPlans port."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def save(self, plan: RetentionPlan) -> None:
        records.once(self._bucket, names.retention_plan_name(plan.id), plan, RetentionPlan)

    def find(self, plan: RetentionPlanId) -> RetentionPlan:
        return records.read(self._bucket, names.retention_plan_name(plan), RetentionPlan)
