"""A wrapped keyset opens with its key and for its epoch, and every refusal says what to do."""

import base64
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import google_crc32c
import pytest
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession

from custody.adapters.kms import CloudKek, LocalKek
from custody.errors import (
    AlreadyExistsError,
    CorruptError,
    CustodyError,
    MissingKeysetError,
    RateLimitedError,
    UnavailableError,
)
from loopback import answering

KEY = "projects/p/locations/europe-west3/keyRings/custody/cryptoKeys/vault"
HERE = b"custody/keyset/v1|c-1|stripe|1|prod"
THERE = b"custody/keyset/v1|c-1|stripe|2|prod"

Answer = Callable[[str, dict[str, str]], tuple[int, dict[str, Any]]]


def decoded(body: dict[str, str], field: str) -> bytes:
    data = base64.b64decode(body[field])
    assert body[f"{field}Crc32c"] == str(google_crc32c.value(data))
    return data


def sent(field: str, data: bytes) -> dict[str, Any]:
    return {
        field: base64.b64encode(data).decode(),
        f"{field}Crc32c": str(google_crc32c.value(data)),
    }


def refusal(code: int, status: str) -> tuple[int, dict[str, Any]]:
    return code, {"error": {"code": code, "status": status, "message": "refused"}}


class Kms:
    """Cloud KMS's encrypt and decrypt of one key, as its discovery document describes them."""

    def __init__(self, local: LocalKek) -> None:
        self._local = local
        self.answer: Answer = self.serve

    def serve(self, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        associated = decoded(body, "additionalAuthenticatedData")
        if path == f"/v1/{KEY}:encrypt":
            wrapped = self._local.wrap(decoded(body, "plaintext"), associated)
            confirmed = {
                "verifiedPlaintextCrc32c": True,
                "verifiedAdditionalAuthenticatedDataCrc32c": True,
            }
            return 200, sent("ciphertext", wrapped) | confirmed
        assert path == f"/v1/{KEY}:decrypt"
        try:
            keyset = self._local.unwrap(decoded(body, "ciphertext"), associated)
        except CorruptError:
            return refusal(400, "INVALID_ARGUMENT")
        return 200, sent("plaintext", keyset)


@pytest.fixture
def kms(tmp_path: Path) -> Kms:
    return Kms(LocalKek.create(tmp_path / "cloud.key"))


@pytest.fixture
def endpoint(kms: Kms) -> Iterator[str]:
    with answering(kms) as url:
        yield url


@pytest.fixture
def cloud(endpoint: str) -> Iterator[CloudKek]:
    with AuthorizedSession(AnonymousCredentials()) as session:
        yield CloudKek(f"gcp-kms://{KEY}", session, endpoint=endpoint)


@pytest.fixture(params=["local", "cloud"])
def kek(request: pytest.FixtureRequest, tmp_path: Path) -> LocalKek | CloudKek:
    if request.param == "local":
        return LocalKek.create(tmp_path / "local.key")
    kek: CloudKek = request.getfixturevalue("cloud")
    return kek


def test_a_keyset_comes_back(kek: LocalKek | CloudKek) -> None:
    assert kek.unwrap(kek.wrap(b"keyset", HERE), HERE) == b"keyset"


def test_a_keyset_is_of_its_own_epoch_only(kek: LocalKek | CloudKek) -> None:
    with pytest.raises(CorruptError):
        kek.unwrap(kek.wrap(b"keyset", HERE), THERE)


def test_an_altered_keyset_is_corrupt(kek: LocalKek | CloudKek) -> None:
    wrapped = kek.wrap(b"keyset", HERE)
    with pytest.raises(CorruptError):
        kek.unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), HERE)


def test_a_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    LocalKek.create(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_key_file_opens_what_it_wrapped_earlier(tmp_path: Path) -> None:
    wrapped = LocalKek.create(tmp_path / "key").wrap(b"keyset", HERE)
    assert LocalKek(tmp_path / "key").unwrap(wrapped, HERE) == b"keyset"


def test_a_key_file_is_never_made_over_another(tmp_path: Path) -> None:
    wrapped = LocalKek.create(tmp_path / "key").wrap(b"keyset", HERE)
    with pytest.raises(AlreadyExistsError):
        LocalKek.create(tmp_path / "key")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    assert LocalKek(tmp_path / "key").unwrap(wrapped, HERE) == b"keyset"


def test_a_missing_key_file_is_a_stop(tmp_path: Path) -> None:
    with pytest.raises(MissingKeysetError):
        LocalKek(tmp_path / "key")
    assert not list(tmp_path.iterdir())


def test_a_key_file_that_holds_no_key_is_a_stop(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("{}")
    with pytest.raises(MissingKeysetError):
        LocalKek(tmp_path / "key")


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        (400, "INVALID_ARGUMENT", CorruptError),
        (400, "FAILED_PRECONDITION", MissingKeysetError),  # the key version is destroyed
        (403, "PERMISSION_DENIED", MissingKeysetError),
        (404, "NOT_FOUND", MissingKeysetError),
        (429, "RESOURCE_EXHAUSTED", RateLimitedError),
        (500, "INTERNAL", UnavailableError),
        (503, "UNAVAILABLE", UnavailableError),
    ],
)
def test_each_refusal_of_the_cloud_says_what_to_do(
    kms: Kms, cloud: CloudKek, code: int, status: str, expected: type[CustodyError]
) -> None:
    kms.answer = lambda path, body: refusal(code, status)
    with pytest.raises(expected):
        cloud.unwrap(b"wrapped", HERE)


@pytest.mark.parametrize(
    "unconfirmed", ["verifiedPlaintextCrc32c", "verifiedAdditionalAuthenticatedDataCrc32c"]
)
def test_a_wrapping_whose_input_was_not_confirmed_is_not_kept(
    kms: Kms, cloud: CloudKek, unconfirmed: str
) -> None:
    """What KMS sealed may not be what we sent, and nobody could open it again."""

    def answer(path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        code, fields = kms.serve(path, body)
        return code, fields | {unconfirmed: False}

    kms.answer = answer
    with pytest.raises(UnavailableError):
        cloud.wrap(b"keyset", HERE)


@pytest.mark.parametrize("field", ["ciphertext", "plaintext"])
def test_an_answer_altered_on_its_way_is_asked_for_again(
    kms: Kms, cloud: CloudKek, field: str
) -> None:
    wrapped = cloud.wrap(b"keyset", HERE)

    def answer(path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        code, fields = kms.serve(path, body)
        return code, fields | {f"{field}Crc32c": "1"}

    kms.answer = answer
    with pytest.raises(UnavailableError):
        cloud.wrap(b"keyset", HERE) if field == "ciphertext" else cloud.unwrap(wrapped, HERE)


def test_a_cloud_that_does_not_answer_is_unavailable() -> None:
    with AuthorizedSession(AnonymousCredentials()) as session:
        kek = CloudKek(f"gcp-kms://{KEY}", session, endpoint="http://127.0.0.1:9")
        with pytest.raises(UnavailableError):
            kek.wrap(b"keyset", HERE)
