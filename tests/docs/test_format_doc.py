"""The lines in docs/format.md restore what we store, with none of our code."""

import ast
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from custody.adapters.kms import LocalKek
from shelf import MIB, Shelf

DOCUMENT = Path(__file__).parents[2] / "docs" / "format.md"
CHAIN = (0, 16, 24, 28, 30, 31)
ASSOCIATED = b"custody/keyset/v1|c-aaaaaaaaaaaa|stripe|1|test"


def lines() -> str:
    [block] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return str(block)


@pytest.fixture
def names() -> dict[str, Any]:
    """What the lines define."""
    names: dict[str, Any] = {}
    exec(compile(lines(), str(DOCUMENT), "exec"), names)
    return names


def day(number: int) -> bytes:
    """Five MiB of noise, more of it marked each day."""
    content = bytearray(random.Random(1).randbytes(5 * MIB))
    for place in range(0, number * 20_000, 20_000):
        content[place : place + 4] = b"day%c" % number
    return bytes(content) + b"appended" * number


def test_the_lines_use_nothing_of_ours() -> None:
    modules = {
        name
        for node in ast.walk(ast.parse(lines()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert modules == {"hashlib", "io", "struct", "msgspec", "tink", "backports"}


def test_the_lines_restore_a_chain_of_five_links(names: dict[str, Any], tmp_path: Path) -> None:
    kek = LocalKek.create(tmp_path / "key")
    shelf = Shelf()
    base = None
    for number in CHAIN:
        record = shelf.put(str(number), day(number), base)
        base = str(number)
    shelf.put_same("same", "31")
    shelf.put("empty", b"")
    assert (record.depth, len(record.windows)) == (5, 6)
    assert sum(window.base_size > 0 for window in record.windows) == 5

    restore: Callable[..., bytes] = names["restore"]
    key_file = (tmp_path / "key").read_text()
    key = names["unwrap"](key_file, kek.wrap(shelf.keyset, ASSOCIATED), ASSOCIATED)
    for number in CHAIN:
        assert restore(str(number), shelf.objects.__getitem__, key) == day(number)
    assert restore("same", shelf.objects.__getitem__, key) == day(31)
    assert restore("empty", shelf.objects.__getitem__, key) == b""


def test_the_document_names_every_field_of_a_record() -> None:
    text = DOCUMENT.read_text()
    for field in Shelf().put("object", b"content").__struct_fields__:
        assert f"`{field}`" in text
