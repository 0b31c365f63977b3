"""The audit trail under a store that stumbles: no entry twice, none lost."""

from datetime import timedelta

import pytest

from custody.errors import UnavailableError
from custody.steps.audit import verify_trail
from faults.rig import Rig
from localcloud.environment import BUCKETS
from samples import NOW

AUDIT = BUCKETS["CUSTODY_AUDIT_BUCKET"]


def noted(rig: Rig, stream: str) -> list[object]:
    """The epochs that a stream tells of, after a look at the whole trail."""
    assert verify_trail(rig.world.audit, rig.world.signer.keys()).broken is None
    return [entry.subject["epoch"] for entry in rig.world.audit.entries(stream)]


@pytest.mark.parametrize("skip", [0, 1])
def test_a_lost_answer_makes_no_second_entry(rig: Rig, skip: int) -> None:
    """T27: our own committed write comes back as 412; read back, compare, call it success."""
    rig.fails("storage.objects.insert", match=AUDIT, cut="after", skip=skip)
    for epoch in (1, 2):
        rig.world.audit.note(f"e-{skip}", "shred-keys", {"epoch": epoch}, NOW)
    assert rig.hits() == 1
    assert noted(rig, f"e-{skip}") == [1, 2]


def test_a_lost_answer_makes_no_second_checkpoint(rig: Rig) -> None:
    world, at = rig.world, NOW + timedelta(hours=1)
    rig.fails("storage.objects.insert", match=AUDIT, cut="after")
    signed = world.audit.sign_heads(world.signer, at)
    assert rig.hits() == 1
    assert list(world.audit.checkpoints(world.signer.keys())) == [signed]


def test_what_could_not_be_noted_is_told(rig: Rig) -> None:
    """Whoever notes an intent must not act where nobody took it down."""
    world = rig.world_with(CUSTODY_AUDIT_BUCKET="custody-nowhere")
    with pytest.raises(UnavailableError):
        world.audit.note("e-one", "shred-keys", {}, NOW)
