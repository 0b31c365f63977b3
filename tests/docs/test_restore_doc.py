"""docs/restore.md can be followed: its lines restore from S3 alone, and its commands exist."""

import ast
import random
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from custody.adapters.container import Record
from custody.adapters.keys import recovery_associated
from custody.adapters.recovery import PublicRecoveryKey, RecoveryKey
from custody.cli import NOUNS, custody
from custody.domain.names import recovery_name, version_name
from custody.domain.vault import FileId, RevisionId
from localcloud.clock import Clock
from localcloud.deployment import make_s3_buckets, s3_client
from localcloud.s3 import S3Server
from samples import a_life
from shelf import MIB, Shelf, record_of

DOCUMENT = Path(__file__).parents[2] / "docs" / "restore.md"
LIFE = a_life("c-aaaaaaaaaaaa", "stripe")
VERSIONS, KEYSETS = "versions", "keysets"


def blocks(language: str) -> list[str]:
    text = DOCUMENT.read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def lines() -> dict[str, Any]:
    """What the lines define."""
    names: dict[str, Any] = {}
    exec(compile(blocks("python")[0], str(DOCUMENT), "exec"), names)
    return names


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[Any]:
    server = S3Server(data=tmp_path / "s3", clock=Clock(tmp_path / "clock"))
    server.start()
    client = s3_client(server.url)
    make_s3_buckets(client, VERSIONS, KEYSETS)
    yield client
    client.close()
    server.stop()


class FilledShelf(Shelf):
    """Versions whose records say which file they are of."""

    def keep(self, file: str, number: int, content: bytes, base: str | None = None) -> str:
        name = version_name(LIFE, FileId(file), RevisionId(f"r{number}"))
        self._saying = {"file_id": file, "drive_version": number}
        self.put(name, content, base)
        return name

    def _complete(self, name: str, body: bytes, record: Record) -> Record:
        known = {field: getattr(record, field) for field in record.__struct_fields__}
        return super()._complete(name, body, Record(**known | self._saying))


def test_the_lines_use_nothing_of_ours_and_nothing_of_googles() -> None:
    tree = ast.parse("\n".join(blocks("python")))
    plain = {
        alias.name for one in ast.walk(tree) if isinstance(one, ast.Import) for alias in one.names
    }
    parts = {one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
    assert plain == {"boto3", "hashlib", "io", "msgspec", "pathlib", "struct"}
    assert parts == {"backports", "tink"}


def test_the_lines_restore_the_newest_of_every_file_from_s3_alone(
    lines: dict[str, Any], s3: Any, tmp_path: Path
) -> None:
    key = RecoveryKey.create(tmp_path / "recovery.key")
    shelf = FilledShelf()
    first = random.Random(1).randbytes(2 * MIB)
    one = shelf.keep("file-one", 1, first)
    two = shelf.keep("file-one", 2, first + b"one more row", one)
    shelf.keep("file-one", 10, first + b"two more rows", two)
    shelf.keep("file-two", 1, b"small")
    for name, data in shelf.objects.items():
        s3.put_object(Bucket=VERSIONS, Key=name, Body=data)
    wrapped = PublicRecoveryKey(key.public).wrap(shelf.keyset, recovery_associated(LIFE))
    s3.put_object(Bucket=KEYSETS, Key=recovery_name(LIFE), Body=wrapped)

    (tmp_path / "back").mkdir()
    private = (tmp_path / "recovery.key").read_text()
    lines["restore"](s3, VERSIONS, KEYSETS, str(LIFE), private, tmp_path / "back")
    found = {path.name: path.read_bytes() for path in (tmp_path / "back").iterdir()}
    assert found == {"file-one.bin": first + b"two more rows", "file-two.bin": b"small"}


def commands() -> list[list[str]]:
    """Every command that the page tells anybody to type."""
    text = "\n".join(blocks("sh")).replace("\\\n", " ")
    typed = [line.split("#")[0].strip() for line in text.splitlines()]
    return [shlex.split(line)[1:] for line in typed if line.startswith("custody ")]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_of_the_page_exists_with_its_options(words: list[str]) -> None:
    noun, verb = words[:2]
    assert noun in NOUNS
    group = custody.get_command(click.Context(custody), noun)
    assert isinstance(group, click.Group)
    command = group.commands[verb]
    known = {name for param in command.params for name in param.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_every_section_that_the_page_leads_to_is_there() -> None:
    text = DOCUMENT.read_text()
    headings = {
        line[3:].lower().replace(" ", "-") for line in text.splitlines() if line.startswith("## ")
    }
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= headings


def test_the_page_fits_the_record() -> None:
    """The fields that the lines read are those of a record."""
    used = set(re.findall(r'record\["(\w+)"\]', blocks("python")[0]))
    assert used <= set(record_of(b"").__struct_fields__)
