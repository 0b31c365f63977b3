"""docs/erasure.md says what the code says."""

from pathlib import Path

import pytest

from custody.adapters.copies.notices import TEXTS
from custody.domain.erasure import CopyState, Fate, State
from custody.domain.receipt import facts_of, statement
from samples import NOW, a_track, an_erasure

DOCS = Path(__file__).parents[2] / "docs"
ERASURE, RECEIPTS = (DOCS / name for name in ("erasure.md", "receipts.md"))


@pytest.mark.parametrize("fate", TEXTS)
def test_the_owner_is_told_what_the_page_says(fate: Fate) -> None:
    assert TEXTS[fate] in ERASURE.read_text()


def test_every_state_of_a_copy_is_explained_and_in_the_picture() -> None:
    explained, picture = ERASURE.read_text(), (DOCS / "erasure.svg").read_text()
    for state in CopyState:
        assert f"`{state.value}`" in explained or state is CopyState.REQUESTED
        assert all(part in picture for part in state.value.split("_BY_"))


def test_every_claim_of_a_receipt_is_explained() -> None:
    explained = RECEIPTS.read_text()
    facts = facts_of(an_erasure(), State.CERTIFIED, [a_track()], software="0")
    (holding,) = facts["holdings"]
    claims = {*statement(facts, number=1, issued_at=NOW), *holding, *holding["copies"][0]}
    assert [claim for claim in sorted(claims) if f"`{claim}`" not in explained] == []
