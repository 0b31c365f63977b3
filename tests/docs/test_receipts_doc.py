"""The lines in docs/receipts.md check what we sign, with none of our code."""

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc.errors import JoseError

from custody.adapters.signing import LocalSigner
from custody.domain.receipt import TYP

DOCUMENT = Path(__file__).parents[2] / "docs" / "receipts.md"
CLAIMS: dict[str, object] = {"erasure": "e-one", "copies": ["x" * 1000] * 200}

Check = Callable[[str, str], Any]


def lines() -> str:
    [block] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return str(block)


@pytest.fixture
def check() -> Check:
    names: dict[str, Any] = {}
    exec(compile(lines(), str(DOCUMENT), "exec"), names)
    check: Check = names["check"]
    return check


@pytest.fixture
def signer(tmp_path: Path) -> LocalSigner:
    return LocalSigner.create(tmp_path / "signing.key")


def test_the_lines_use_nothing_of_ours() -> None:
    imports = [node for node in ast.walk(ast.parse(lines())) if isinstance(node, ast.ImportFrom)]
    assert {node.module for node in imports} == {"joserfc", "joserfc.jwk"}


def test_the_lines_take_a_receipt_of_any_length(check: Check, signer: LocalSigner) -> None:
    assert check(signer.sign(CLAIMS, TYP) + "\n", json.dumps(signer.keys())) == CLAIMS


def test_the_lines_refuse_what_another_key_signed(
    check: Check, signer: LocalSigner, tmp_path: Path
) -> None:
    other = LocalSigner.create(tmp_path / "other.key")
    with pytest.raises(JoseError):
        check(other.sign(CLAIMS, TYP), json.dumps(signer.keys()))


def test_the_lines_refuse_what_was_changed(check: Check, signer: LocalSigner) -> None:
    header, _, signature = signer.sign(CLAIMS, TYP).split(".")
    payload = signer.sign({"erasure": "e-two"}, TYP).split(".")[1]
    with pytest.raises(JoseError):
        check(f"{header}.{payload}.{signature}", json.dumps(signer.keys()))


def test_the_lines_refuse_another_kind_of_statement(check: Check, signer: LocalSigner) -> None:
    with pytest.raises(AssertionError):
        check(signer.sign(CLAIMS, "audit-checkpoint+jws"), json.dumps(signer.keys()))


def test_the_document_names_the_type_and_the_algorithm() -> None:
    text = DOCUMENT.read_text()
    assert f"`{TYP}`" in text
    assert "`ES256`" in text
