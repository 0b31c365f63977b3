"""What lies beside the keysets says whether the recovery key opens an epoch."""

import pytest

from custody.domain.names import DESTROYED, KEYSET, RECOVERY
from custody.domain.recovery import KeyState


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        ({KEYSET, RECOVERY}, KeyState.RECOVERABLE),
        ({RECOVERY}, KeyState.RECOVERABLE),
        ({KEYSET}, KeyState.NO_COPY),
        ({KEYSET, RECOVERY, DESTROYED}, KeyState.DESTROYED),
        ({DESTROYED}, KeyState.DESTROYED),
    ],
    ids=lambda one: "+".join(sorted(one)) if isinstance(one, set) else one.value,
)
def test_the_mark_decides_before_any_copy(parts: set[str], state: KeyState) -> None:
    """T25: an erasure lays it before it deletes."""
    assert KeyState.of(parts) is state
