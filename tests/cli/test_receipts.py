"""`custody receipts`: what anybody can check who has the receipt and the public keys."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from custody.adapters.signing import LocalSigner
from custody.cli import custody
from custody.domain.erasure import Erasure, ErasureId, Part, Reason, Scope
from custody.domain.receipt import TYP, Receipt
from custody.settings import SETTINGS
from samples import LIFE, NOW
from worlds.signing import memory_signer

from .conftest import Shell

CLAIMS: dict[str, object] = {
    "erasure": "e-0123456789abcdef0123",
    "issued_at": "2026-03-01T12:00:00Z",
    "state": "CERTIFIED",
}
VALID = {"valid": True, "erasure": CLAIMS["erasure"], "issued_at": CLAIMS["issued_at"]}
INVALID = {"valid": False, "erasure": None, "issued_at": None}


def an_erasure(erasure: ErasureId) -> Erasure:
    return Erasure(
        erasure=erasure,
        request_id="91d744c6-e31f-4558-9eff-36fe79ac18c1",
        customer=LIFE.customer,
        scope=Scope.SOURCES,
        reason=Reason.REQUEST,
        requested_at=NOW,
        deadline=NOW,
        parts=(Part(life=LIFE),),
    )


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(memory_signer().keys()))
    return path


@pytest.fixture
def receipt(tmp_path: Path) -> Path:
    path = tmp_path / "receipt.jws"
    path.write_text(memory_signer().sign(CLAIMS, TYP) + "\n")
    return path


def verify(*words: str | Path, given: str | None = None) -> Result:
    """Runs with no setting set."""
    runner = CliRunner(env=dict.fromkeys(SETTINGS))
    said = ["receipts", "verify", *map(str, words), "--format", "json"]
    return runner.invoke(custody, said, input=given)


def told(result: Result) -> tuple[int, Any]:
    return result.exit_code, json.loads(result.stdout)


def test_a_receipt_and_the_keys_are_all_that_is_needed(receipt: Path, jwks: Path) -> None:
    assert told(verify(receipt, "--jwks", jwks)) == (0, VALID)


def test_a_receipt_can_come_by_standard_input(receipt: Path, jwks: Path) -> None:
    assert told(verify("-", "--jwks", jwks, given=receipt.read_text())) == (0, VALID)


def test_people_are_told_in_lines(receipt: Path, jwks: Path) -> None:
    words = ["receipts", "verify", str(receipt), "--jwks", str(jwks)]
    done = CliRunner(env=dict.fromkeys(SETTINGS)).invoke(custody, words)
    assert done.stdout.splitlines()[0].split() == ["valid", "True"]


@pytest.mark.parametrize("text", ["", "\n", "a.b.c", "\xff", "{}"])
def test_what_is_no_receipt_is_not_valid(jwks: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "receipt").write_bytes(text.encode("latin-1"))
    result = verify(tmp_path / "receipt", "--jwks", jwks)
    assert told(result) == (7, INVALID)
    assert json.loads(result.stderr.splitlines()[-1])["error"]["code"] == "CORRUPT"


def test_a_receipt_that_was_changed_is_not_valid(receipt: Path, jwks: Path) -> None:
    header, payload, signature = receipt.read_text().split(".")
    receipt.write_text(f"{header}.{payload[:-2]}{'AA'}.{signature}")
    assert told(verify(receipt, "--jwks", jwks)) == (7, INVALID)


def test_a_receipt_that_another_key_signed_is_not_valid(
    receipt: Path, jwks: Path, tmp_path: Path
) -> None:
    receipt.write_text(LocalSigner.create(tmp_path / "key").sign(CLAIMS, TYP))
    assert told(verify(receipt, "--jwks", jwks)) == (7, INVALID)


def test_another_statement_of_ours_is_no_receipt(receipt: Path, jwks: Path) -> None:
    receipt.write_text(memory_signer().sign(CLAIMS, "audit-checkpoint+jws"))
    assert told(verify(receipt, "--jwks", jwks)) == (7, INVALID)


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"keys": 1}', "\xff"])
def test_what_is_no_key_set_is_a_usage_error(receipt: Path, jwks: Path, text: str) -> None:
    jwks.write_bytes(text.encode("latin-1"))
    result = verify(receipt, "--jwks", jwks)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "JWKS" in result.stderr


def test_a_file_that_is_not_there_is_a_usage_error(receipt: Path, jwks: Path) -> None:
    assert verify(receipt.parent / "none", "--jwks", jwks).exit_code == 2
    assert verify(receipt, "--jwks", jwks.parent / "none").exit_code == 2


def test_without_keys_the_settings_say_where_ours_are(receipt: Path) -> None:
    result = verify(receipt)
    assert result.exit_code == 2
    assert "CUSTODY_SIGNING_KEY_URI is not set" in result.stderr


def test_a_receipt_of_our_own_is_checked_with_our_own_key(shell: Shell, receipt: Path) -> None:
    receipt.write_text(shell.world.signer.sign(CLAIMS, TYP))
    assert shell.json("receipts", "verify", receipt) == VALID


def test_the_keys_that_are_printed_check_a_receipt(shell: Shell, receipt: Path, jwks: Path) -> None:
    receipt.write_text(shell.world.signer.sign(CLAIMS, TYP))
    for words in ((), ("--format", "json")):
        jwks.write_text(shell.run("receipts", "keys", *words).stdout)
        assert told(verify(receipt, "--jwks", jwks)) == (0, VALID)


OFFLINE = """
import socket, sys
def refuse(*words): raise AssertionError("the network is asked")
socket.socket.connect = refuse
from custody.cli import custody
custody(["receipts", "verify", *sys.argv[1:]], standalone_mode=False)
heavy = {"google.auth", "google.cloud.storage", "requests", "tink"} & set(sys.modules)
assert not heavy, heavy
"""


def test_a_receipt_is_checked_offline_and_without_a_cloud_library(
    receipt: Path, jwks: Path
) -> None:
    subprocess.run([sys.executable, "-c", OFFLINE, receipt, "--jwks", jwks], env={}, check=True)


def test_the_newest_receipt_of_an_erasure_is_printed_alone(shell: Shell, jwks: Path) -> None:
    erasure = ErasureId("e-0123456789abcdef0123")
    books = shell.world.books
    books.erasures.add(an_erasure(erasure))
    assert shell.fails("receipts", "get", "e-nothing")[0] == 4
    code, error = shell.fails("receipts", "get", erasure)
    assert (code, error["code"]) == (4, "NOT_FOUND")
    assert "REQUESTED" in error["message"]
    signed = [memory_signer().sign(CLAIMS | {"number": number}, TYP) for number in (1, 2)]
    for number, jws in enumerate(signed, start=1):
        books.receipts.add(
            Receipt(erasure=erasure, number=number, issued_at=NOW, facts=str(number), jws=jws)
        )
    assert shell.json("receipts", "get", erasure[:6]) == {
        "erasure": erasure,
        "number": 2,
        "issued_at": "2026-03-01T12:00:00Z",
        "jws": signed[1],
    }
    printed = shell.run("receipts", "get", erasure)
    assert (printed.stdout, printed.stderr) == (signed[1] + "\n", "")
    assert told(verify("-", "--jwks", jwks, given=printed.stdout)) == (0, VALID)
