"""Who pushes: OpenID Connect tokens as Google signs them, under a key of our own."""

import base64
import hashlib
import threading
import time
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt

from localcloud.pubsub.proto import Proto

_ISSUER: Final = "https://accounts.google.com"
_LIFE_SECONDS: Final = 3600
_RENEW_SECONDS: Final = 1800


class Identity:
    """Signs RS256 with a key that is made when it is first needed and stays with the data."""

    def __init__(self, data: Path) -> None:
        self._path = data / "oidc-key.pem"
        self._lock = threading.Lock()
        self._tokens: dict[tuple[str, str], tuple[float, str]] = {}

    def token(self, push: Proto) -> str:
        """A token for this push configuration; the same one for half of its life.

        Real time, not the virtual one: receivers compare with their own clocks.
        """
        email = push.oidc_token.service_account_email
        audience = push.oidc_token.audience or push.push_endpoint
        now = time.time()
        with self._lock:
            made_at, token = self._tokens.get((email, audience), (0.0, ""))
            if now - made_at > _RENEW_SECONDS:
                token = self._sign(email, audience, int(now))
                self._tokens[email, audience] = (now, token)
        return token

    def jwks(self) -> dict[str, Any]:
        """The public key (RFC 7517)."""
        with self._lock:
            public = self._key.public_key().public_numbers()
            key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self._key_id}
        return {"keys": [{**key, "n": _base64url(public.n), "e": _base64url(public.e)}]}

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return _load_or_make(self._path)

    @cached_property
    def _key_id(self) -> str:
        modulus = self._key.public_key().public_numbers().n
        return hashlib.sha256(str(modulus).encode()).hexdigest()[:40]

    def _sign(self, email: str, audience: str, now: int) -> str:
        # A service account's unique id has 21 digits.
        digest = int.from_bytes(hashlib.sha256(email.encode()).digest())
        subject = str(10**20 + digest % 10**20)
        claims = {
            "iss": _ISSUER,
            "aud": audience,
            "azp": subject,
            "sub": subject,
            "email": email,
            "email_verified": True,
            "iat": now,
            "exp": now + _LIFE_SECONDS,
        }
        return str(jwt.encode(crypt.RSASigner(self._key, key_id=self._key_id), claims).decode())


def _load_or_make(path: Path) -> rsa.RSAPrivateKey:
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        partial = path.with_suffix(".partial")
        partial.touch(mode=0o600)
        partial.write_bytes(pem)
        partial.replace(path)
    loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise TypeError(f"{path} holds no RSA key")
    return loaded


def _base64url(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
