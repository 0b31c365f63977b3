"""Who pushes: OpenID Connect tokens as Google signs them, under a key of our own."""

import base64
import hashlib
import threading
import time
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
    """Signs RS256 with a key that stays with the data folder."""

    def __init__(self, data: Path) -> None:
        self._key = _load_or_make(data / "oidc-key.pem")
        public = self._key.public_key().public_numbers()
        self._modulus, self._exponent = _base64url(public.n), _base64url(public.e)
        self._key_id = hashlib.sha256(self._modulus.encode()).hexdigest()[:40]
        self._signer = crypt.RSASigner(self._key, key_id=self._key_id)
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
        key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self._key_id}
        return {"keys": [{**key, "n": self._modulus, "e": self._exponent}]}

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
        return str(jwt.encode(self._signer, claims).decode())


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
