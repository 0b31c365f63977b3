"""What a signer signs everybody can check, with its public key and a stock library alone."""

import base64
import hashlib
import hmac
import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import google_crc32c
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as jose
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from custody.adapters.kms_signing import CloudSigner
from custody.adapters.signing import LocalSigner, canonical, verify
from custody.errors import (
    AlreadyExistsError,
    BadCallError,
    CorruptError,
    CustodyError,
    MissingKeysetError,
    RateLimitedError,
    UnavailableError,
)
from loopback import answering
from worlds.signing import memory_signer

NAME = "projects/p/locations/europe-west3/keyRings/custody/cryptoKeys/receipts"
TYP = "erasure-receipt+jws"
CLAIMS: dict[str, object] = {"erasure": "e-one", "copies": [{"copy": "vault", "deleted": 3}]}
PAYLOAD = b'{"copies":[{"copy":"vault","deleted":3}],"erasure":"e-one"}'
P256 = "EC_SIGN_P256_SHA256"

Answer = tuple[int, dict[str, Any]]


def sum_of(data: bytes) -> str:
    return str(google_crc32c.value(data))


def refusal(code: int, status: str) -> Answer:
    return code, {"error": {"code": code, "status": status, "message": "refused"}}


@dataclass(kw_only=True)
class Version:
    """One version of a key, with a real key in it."""

    state: str = "ENABLED"
    algorithm: str = P256
    shown: bool = True
    """Whether KMS shows its public key."""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))


class Kms:
    """One signing key of Cloud KMS, as its discovery document describes it; two a page."""

    def __init__(self) -> None:
        self.versions = {1: Version()}
        self.asked: list[str] = []
        self.alter: Callable[[str, Answer], Answer] = lambda path, answer: answer

    def answer(self, path: str, body: dict[str, Any]) -> Answer:
        url = urlsplit(path)
        self.asked.append(url.path)
        place = url.path.removeprefix(f"/v1/{NAME}/cryptoKeyVersions")
        assert place != url.path
        if not place:
            return self.alter(
                url.path, self._page(int(parse_qs(url.query).get("pageToken", ["0"])[0]))
            )
        number, _, verb = place.removeprefix("/").replace(":", "/").partition("/")
        version = self.versions[int(number)]
        name = f"{NAME}/cryptoKeyVersions/{number}"
        if verb == "publicKey":
            return self.alter(url.path, _public(name, version))
        assert verb == "asymmetricSign"
        return self.alter(url.path, _signature(name, version, body))

    def _page(self, start: int) -> Answer:
        found = [
            {
                "name": f"{NAME}/cryptoKeyVersions/{number}",
                "state": version.state,
                "algorithm": version.algorithm,
            }
            for number, version in self.versions.items()
        ]
        page: dict[str, Any] = {"cryptoKeyVersions": found[start : start + 2]} if found else {}
        more = {"nextPageToken": str(start + 2)} if len(found) > start + 2 else {}
        return 200, page | more


def _public(name: str, version: Version) -> Answer:
    if not version.shown:
        return refusal(400, "FAILED_PRECONDITION")
    pem = version.key.as_pem(private=False).decode()
    return 200, {
        "name": name,
        "algorithm": version.algorithm,
        "pem": pem,
        "pemCrc32c": sum_of(pem.encode()),
    }


def _signature(name: str, version: Version, body: dict[str, Any]) -> Answer:
    if version.state != "ENABLED":
        return refusal(400, "FAILED_PRECONDITION")
    digest = base64.b64decode(body["digest"]["sha256"])
    assert body["digestCrc32c"] == sum_of(digest)
    assert version.key.private_key
    signature = version.key.private_key.sign(digest, ec.ECDSA(Prehashed(SHA256())))
    return 200, {
        "name": name,
        "signature": base64.b64encode(signature).decode(),
        "signatureCrc32c": sum_of(signature),
        "verifiedDigestCrc32c": True,
    }


@pytest.fixture
def kms() -> Kms:
    return Kms()


@pytest.fixture
def endpoint(kms: Kms) -> Iterator[str]:
    with answering(kms) as url:
        yield url


@pytest.fixture
def cloud(endpoint: str) -> Iterator[CloudSigner]:
    with AuthorizedSession(AnonymousCredentials()) as session:
        yield CloudSigner(f"gcp-kms://{NAME}", session, endpoint=endpoint)


@pytest.fixture(params=["local", "cloud"])
def signer(request: pytest.FixtureRequest, tmp_path: Path) -> LocalSigner | CloudSigner:
    if request.param == "local":
        return LocalSigner.create(tmp_path / "signing.key")
    cloud: CloudSigner = request.getfixturevalue("cloud")
    return cloud


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def opened(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "==")


def header_of(jws: str) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(opened(jws.split(".")[0]))
    return header


def test_the_same_claims_are_the_same_bytes() -> None:
    """Written out (RFC 8785): an order of keys, a form of numbers, no needless escapes."""
    claims = {"z": 1.0, "é": "€\n", "a": [True, None, 1e21], "\U0001f600": "", "\ufb33": ""}
    written = '{"a":[true,null,1e+21],"z":1,"é":"€\\n","\U0001f600":"","\ufb33":""}'
    assert canonical(claims) == canonical(dict(reversed(claims.items()))) == written.encode()


def test_a_statement_is_signed_and_checked(signer: LocalSigner | CloudSigner) -> None:
    jws = signer.sign(CLAIMS, TYP)
    assert verify(jws, signer.keys(), TYP) == PAYLOAD
    assert opened(jws.split(".")[1]) == PAYLOAD


def test_a_stock_library_takes_the_statement(signer: LocalSigner | CloudSigner) -> None:
    keys = KeySet.import_key_set(json.loads(json.dumps(signer.keys())))
    taken = jose.deserialize_compact(signer.sign(CLAIMS, TYP), keys, algorithms=["ES256"])
    assert taken.payload == PAYLOAD


def test_the_header_names_algorithm_key_and_type(signer: LocalSigner | CloudSigner) -> None:
    [key] = signer.keys()["keys"]
    assert header_of(signer.sign(CLAIMS, TYP)) == {"alg": "ES256", "kid": key["kid"], "typ": TYP}


def test_a_key_is_called_by_its_thumbprint(signer: LocalSigner | CloudSigner) -> None:
    """RFC 7638, section 3.1: the required members in their order."""
    [key] = signer.keys()["keys"]
    required = {name: key[name] for name in ("crv", "kty", "x", "y")}
    written = json.dumps(required, separators=(",", ":")).encode()
    assert key["kid"] == base64url(hashlib.sha256(written).digest())


def test_the_key_set_has_public_parts_only(signer: LocalSigner | CloudSigner) -> None:
    [key] = signer.keys()["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    told = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig"}
    assert {name: key[name] for name in told} == told


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_statement_that_was_changed_is_refused(part: int) -> None:
    parts = memory_signer().sign(CLAIMS, TYP).split(".")
    data = bytearray(opened(parts[part]))
    data[-3] ^= 1
    parts[part] = base64url(bytes(data))
    with pytest.raises(CorruptError):
        verify(".".join(parts), memory_signer().keys(), TYP)


def test_a_statement_of_one_type_is_none_of_another() -> None:
    jws = memory_signer().sign(CLAIMS, "audit-checkpoint+jws")
    with pytest.raises(CorruptError, match="not as erasure-receipt"):
        verify(jws, memory_signer().keys(), TYP)


def test_a_key_that_is_not_in_the_set_is_unknown(tmp_path: Path) -> None:
    jws = LocalSigner.create(tmp_path / "key").sign(CLAIMS, TYP)
    with pytest.raises(CorruptError, match="not in this key set"):
        verify(jws, memory_signer().keys(), TYP)


def test_a_key_under_the_name_of_another_does_not_fit(tmp_path: Path) -> None:
    [key], [other] = (
        memory_signer().keys()["keys"],
        LocalSigner.create(tmp_path / "key").keys()["keys"],
    )
    with pytest.raises(CorruptError, match="does not fit"):
        verify(memory_signer().sign(CLAIMS, TYP), {"keys": [other | {"kid": key["kid"]}]}, TYP)


def forged(header: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    signed = f"{base64url(json.dumps(header).encode())}.{base64url(PAYLOAD)}"
    return f"{signed}.{base64url(sign(signed.encode()))}"


PUBLIC = memory_signer().keys()["keys"][0]
GUESSES = [
    json.dumps(PUBLIC).encode(),
    ECKey.import_key(PUBLIC).as_pem(private=False),
    opened(PUBLIC["x"]),
    b"",
]


@pytest.mark.parametrize("secret", GUESSES, ids=["jwk", "pem", "coordinate", "nothing"])
def test_a_public_key_is_no_shared_secret(secret: bytes) -> None:
    """RFC 8725, section 2.1: the header does not choose how the signature is checked."""
    header = {"alg": "HS256", "kid": PUBLIC["kid"], "typ": TYP}
    jws = forged(header, lambda signed: hmac.digest(secret, signed, "sha256"))
    with pytest.raises(CorruptError):
        verify(jws, memory_signer().keys(), TYP)


@pytest.mark.parametrize("alg", ["none", "None", "", None, 1, ["ES256"]])
@pytest.mark.parametrize("signature", [b"", b"\0" * 64])
def test_an_unsigned_statement_is_none(alg: object, signature: bytes) -> None:
    header = {"alg": alg, "kid": PUBLIC["kid"], "typ": TYP}
    with pytest.raises(CorruptError):
        verify(forged(header, lambda _: signature), memory_signer().keys(), TYP)


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (ECKey.generate_key("P-384"), "ES384"),
        (RSAKey.generate_key(2048), "RS256"),
        (OctKey.generate_key(256), "HS256"),
    ],
    ids=["ES384", "RS256", "HS256"],
)
def test_no_other_algorithm_is_taken_even_from_the_key_set(key: ECKey, alg: str) -> None:
    header = {"alg": alg, "kid": "theirs", "typ": TYP}
    jws = jose.serialize_compact(header, PAYLOAD, key, algorithms=[alg])
    with pytest.raises(CorruptError):
        verify(jws, {"keys": [key.as_dict(kid="theirs")]}, TYP)


@pytest.mark.parametrize(
    "header", [{"typ": TYP}, {"kid": None, "typ": TYP}, {"kid": 1, "typ": TYP}]
)
def test_a_statement_names_its_key(header: dict[str, Any]) -> None:
    """Even where the set has one key alone, which libraries then take unasked."""
    key = ECKey.generate_key("P-256")
    jws = forged({"alg": "ES256"} | header, partial(raw_signature, key))
    with pytest.raises(CorruptError):
        verify(jws, {"keys": [key.as_dict(private=False)]}, TYP)


def raw_signature(key: ECKey, signed: bytes) -> bytes:
    assert key.private_key
    numbers = decode_dss_signature(key.private_key.sign(signed, ec.ECDSA(SHA256())))
    return b"".join(number.to_bytes(32) for number in numbers)


@pytest.mark.parametrize("header", [{"crit": ["exp"], "exp": 1}, {"b64": False, "crit": ["b64"]}])
def test_a_header_that_asks_for_more_than_we_know_is_refused(header: dict[str, Any]) -> None:
    """RFC 7515, section 4.1.11."""
    key = ECKey.generate_key("P-256")
    jws = forged({"alg": "ES256", "kid": "k", "typ": TYP} | header, partial(raw_signature, key))
    with pytest.raises(CorruptError):
        verify(jws, {"keys": [key.as_dict(private=False, kid="k")]}, TYP)


def test_a_long_statement_is_a_statement() -> None:
    """The library alone refuses what is longer than 128 kB."""
    claims: dict[str, object] = {"copies": ["x" * 1000] * 1000}
    jws = memory_signer().sign(claims, TYP)
    assert json.loads(verify(jws, memory_signer().keys(), TYP)) == claims


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
things = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
headers = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk"]), things)


@given(st.one_of(words, st.lists(words, min_size=3, max_size=3).map(".".join)))
def test_no_text_is_taken_for_a_statement(text: str) -> None:
    with pytest.raises(CorruptError):
        verify(text, memory_signer().keys(), TYP)


@given(headers | things)
def test_no_header_is_taken_for_a_signature(header: Any) -> None:
    with pytest.raises(CorruptError):
        verify(forged(header, lambda signed: b"\0" * 64), memory_signer().keys(), TYP)


@given(things | st.fixed_dictionaries({"keys": things}))
@pytest.mark.parametrize("kid", [{}, {"kid": PUBLIC["kid"]}])
def test_nothing_else_is_taken_for_a_key_set(kid: dict[str, str], keys: Any) -> None:
    with pytest.raises(CorruptError):
        verify(memory_signer().sign(CLAIMS, TYP), keys, TYP)


keys_like_ours = st.fixed_dictionaries(
    {"kid": st.just(PUBLIC["kid"])},
    optional={name: st.just(PUBLIC[name]) | things for name in ("kty", "crv", "x", "y", "use")},
)


@given(keys_like_ours)
def test_a_damaged_key_checks_nothing(key: dict[str, Any]) -> None:
    damaged = any(key.get(name) != PUBLIC[name] for name in ("crv", "x", "y"))
    try:
        verify(memory_signer().sign(CLAIMS, TYP), {"keys": [key]}, TYP)
    except CorruptError:
        return
    assert not damaged


def test_a_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    LocalSigner.create(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_key_file_signs_under_the_same_name_later(tmp_path: Path) -> None:
    jws = LocalSigner.create(tmp_path / "key").sign(CLAIMS, TYP)
    assert verify(jws, LocalSigner(tmp_path / "key").keys(), TYP) == PAYLOAD


def test_a_key_file_is_never_made_over_another(tmp_path: Path) -> None:
    jws = LocalSigner.create(tmp_path / "key").sign(CLAIMS, TYP)
    with pytest.raises(AlreadyExistsError):
        LocalSigner.create(tmp_path / "key")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    assert verify(jws, LocalSigner(tmp_path / "key").keys(), TYP) == PAYLOAD


def test_a_missing_key_file_is_a_stop(tmp_path: Path) -> None:
    with pytest.raises(MissingKeysetError):
        LocalSigner(tmp_path / "key")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        ECKey.generate_key("P-384").as_pem(private=True).decode(),
        ECKey.generate_key("P-256").as_pem(private=False).decode(),
        RSAKey.generate_key(2048).as_pem(private=True).decode(),
    ],
    ids=["nothing", "another format", "another curve", "a public key", "another algorithm"],
)
def test_a_key_file_that_holds_no_signing_key_is_a_stop(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(MissingKeysetError, match="holds no signing key"):
        LocalSigner(tmp_path / "key")


def signed_by(kms: Kms, jws: str) -> int:
    """The number of the version that signed."""
    kid = header_of(jws)["kid"]
    return next(n for n, version in kms.versions.items() if version.key.thumbprint() == kid)


def test_the_newest_enabled_version_signs(kms: Kms, cloud: CloudSigner) -> None:
    """By number and not by word, whatever page it is on; other algorithms are not ours."""
    kms.versions = {number: Version() for number in (1, 9, 10, 2)}
    kms.versions |= {11: Version(state="DISABLED"), 12: Version(state="PENDING_GENERATION")}
    kms.versions[13] = Version(algorithm="EC_SIGN_P384_SHA384")
    assert signed_by(kms, cloud.sign(CLAIMS, TYP)) == 10


def test_the_newest_version_is_looked_up_once_a_process(kms: Kms, cloud: CloudSigner) -> None:
    for _ in range(2):
        cloud.sign(CLAIMS, TYP)
    verbs = [path.rpartition("/")[2] for path in kms.asked]
    assert verbs == ["cryptoKeyVersions", "publicKey", "1:asymmetricSign", "1:asymmetricSign"]


def test_a_version_that_is_disabled_meanwhile_is_succeeded(kms: Kms, cloud: CloudSigner) -> None:
    cloud.sign(CLAIMS, TYP)
    kms.versions[1].state = "DISABLED"
    kms.versions[2] = Version()
    with pytest.raises(MissingKeysetError):
        cloud.sign(CLAIMS, TYP)
    assert signed_by(kms, cloud.sign(CLAIMS, TYP)) == 2


def test_what_an_older_version_signed_can_still_be_checked(kms: Kms, cloud: CloudSigner) -> None:
    jws = cloud.sign(CLAIMS, TYP)
    kms.versions[1].state = "DISABLED"
    kms.versions[2] = Version()
    assert verify(jws, cloud.keys(), TYP) == PAYLOAD


def test_the_key_set_has_every_version_that_kms_shows(kms: Kms, cloud: CloudSigner) -> None:
    kms.versions |= {2: Version(state="DISABLED"), 3: Version(state="DISABLED", shown=False)}
    kms.versions |= {4: Version(state="DESTROYED", shown=False), 5: Version()}
    shown = [kms.versions[number].key.thumbprint() for number in (5, 2, 1)]
    assert [key["kid"] for key in cloud.keys()["keys"]] == shown


def test_a_key_set_without_a_key_that_signs_is_none(kms: Kms, cloud: CloudSigner) -> None:
    kms.versions[1].shown = False
    with pytest.raises(MissingKeysetError):
        cloud.keys()


@pytest.mark.parametrize("versions", [{}, {1: Version(state="DISABLED")}])
def test_without_an_enabled_version_nothing_is_signed(
    kms: Kms, cloud: CloudSigner, versions: dict[int, Version]
) -> None:
    kms.versions = versions
    with pytest.raises(MissingKeysetError, match="enabled"):
        cloud.sign(CLAIMS, TYP)


@pytest.mark.parametrize("verb", ["cryptoKeyVersions", "publicKey", "asymmetricSign"])
@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        (400, "INVALID_ARGUMENT", BadCallError),  # the key is of another kind
        (400, "FAILED_PRECONDITION", MissingKeysetError),  # the version is destroyed
        (403, "PERMISSION_DENIED", MissingKeysetError),
        (404, "NOT_FOUND", MissingKeysetError),
        (429, "RESOURCE_EXHAUSTED", RateLimitedError),
        (503, "UNAVAILABLE", UnavailableError),
    ],
)
def test_each_refusal_of_the_cloud_says_what_to_do(
    kms: Kms, cloud: CloudSigner, verb: str, code: int, status: str, expected: type[CustodyError]
) -> None:
    kms.alter = lambda path, answer: refusal(code, status) if path.endswith(verb) else answer
    with pytest.raises(expected):
        cloud.sign(CLAIMS, TYP)


@pytest.mark.parametrize(
    ("verb", "altered"),
    [
        ("asymmetricSign", {"verifiedDigestCrc32c": False}),
        ("asymmetricSign", {"signatureCrc32c": "1"}),
        ("asymmetricSign", {"name": f"{NAME}/cryptoKeyVersions/2"}),
        ("publicKey", {"pemCrc32c": "1"}),
        ("publicKey", {"name": f"{NAME}/cryptoKeyVersions/2"}),
    ],
)
def test_an_answer_that_is_not_as_it_was_sent_or_asked_for_is_asked_for_again(
    kms: Kms, cloud: CloudSigner, verb: str, altered: dict[str, Any]
) -> None:
    """Cloud KMS, "Data integrity guidelines"."""
    kms.alter = lambda path, answer: (
        (answer[0], answer[1] | altered) if path.endswith(verb) else answer
    )
    with pytest.raises(UnavailableError):
        cloud.sign(CLAIMS, TYP)


def test_a_cloud_that_does_not_answer_is_unavailable() -> None:
    with AuthorizedSession(AnonymousCredentials()) as session:
        cloud = CloudSigner(f"gcp-kms://{NAME}", session, endpoint="http://127.0.0.1:9")
        with pytest.raises(UnavailableError):
            cloud.sign(CLAIMS, TYP)
