"""Signatures that others can check: compact JWS (RFC 7515), ES256 alone, keys as JWKS (RFC 7517).

A key is called by its thumbprint (RFC 7638). Whoever has the key can compute its name, it keeps it
wherever it is moved, and a statement tells nobody what our projects and key rings are called.
"""

import base64
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custody.adapters.key_files import create_key_file, read_key_file
from custody.errors import CorruptError, MissingKeysetError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from joserfc.jwk import ECKey

ALGORITHM = "ES256"
_COORDINATE_BYTES = 32


def canonical(claims: Mapping[str, Any]) -> bytes:
    """The one way to write these claims (RFC 8785): whoever has them can make the bytes again."""
    import rfc8785

    return rfc8785.dumps(dict(claims))


def verify(jws: str, keys: dict[str, Any], typ: str) -> bytes:
    """The payload, if one of these keys (a JWKS) signed it as this type. CorruptError if not.

    The algorithm is ours to say and not the header's, and so is the kind of statement that we
    expect: what was signed as one cannot be shown as another (RFC 8725, 3.1 and 3.11).
    """
    from joserfc.errors import JoseError
    from joserfc.jws import JWSRegistry, extract_compact, validate_compact

    registry = JWSRegistry(algorithms=[ALGORITHM])
    registry.max_payload_length = sys.maxsize  # its 128 kB are meant for tokens
    try:
        signed = extract_compact(jws.encode(), registry=registry)
        header = signed.headers()
        genuine = validate_compact(signed, _key_named(header["kid"], keys), registry=registry)
    except (JoseError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise CorruptError("this is no statement that a key of this key set signed") from error
    if not genuine:
        raise CorruptError("the signature does not fit: the statement was changed")
    if header != {"alg": ALGORITHM, "kid": header["kid"], "typ": typ}:
        raise CorruptError(f"this is signed, but not as {typ}")
    return bytes(signed.payload or b"")


def _key_named(kid: str, keys: dict[str, Any]) -> "ECKey":
    from joserfc.jwk import ECKey

    for key in keys["keys"]:
        if key.get("kid") == kid:
            return ECKey.import_key(key)
    raise CorruptError(f"the key {kid!r} is not in this key set: take a newer one")


def compact(
    claims: Mapping[str, object], typ: str, kid: str, sign: Callable[[bytes], bytes]
) -> str:
    """A JWS in one line. `sign` makes an ECDSA signature over SHA-256, in DER."""
    header = canonical({"alg": ALGORITHM, "kid": kid, "typ": typ})
    signed = f"{_base64url(header)}.{_base64url(canonical(claims))}"
    return f"{signed}.{_base64url(_raw(sign(signed.encode())))}"


def public_jwk(pem: str) -> dict[str, Any]:
    """The public half of a P-256 key, under its thumbprint."""
    from joserfc.jwk import ECKey

    key = ECKey.import_key(pem, {"alg": ALGORITHM, "use": "sig"})
    return dict(key.as_dict(private=False, kid=key.thumbprint()))


def _raw(der: bytes) -> bytes:
    """Both numbers of a signature one after the other, as JWS wants them (RFC 7518, 3.4)."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    return b"".join(number.to_bytes(_COORDINATE_BYTES) for number in decode_dss_signature(der))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class LocalSigner:
    """A P-256 key in a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        pem = read_key_file(path)
        try:
            self._key = _private_key(pem)
        except ValueError as error:
            raise MissingKeysetError(f"{path} holds no signing key: restore it") from error
        self._jwk = public_jwk(pem)

    @classmethod
    def create(cls, path: Path) -> "LocalSigner":
        """Makes the file. AlreadyExistsError where there is one: others trust its signatures."""
        from joserfc.jwk import ECKey

        create_key_file(path, ECKey.generate_key("P-256").as_pem(private=True).decode())
        return cls(path)

    def sign(self, claims: Mapping[str, object], typ: str) -> str:
        return compact(claims, typ, self._jwk["kid"], self._signature)

    def keys(self) -> dict[str, Any]:
        return {"keys": [self._jwk]}

    def _signature(self, data: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
        from cryptography.hazmat.primitives.hashes import SHA256

        return self._key.sign(data, ECDSA(SHA256()))


def _private_key(pem: str) -> "EllipticCurvePrivateKey":
    """ValueError for anything but a private key on P-256."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem.encode(), password=None)
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return key
    raise ValueError("a key of another kind")
