"""A signing key of Cloud KMS: EC_SIGN_P256_SHA256, whose private half never leaves it."""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any

from google.auth.transport.requests import AuthorizedSession

from custody.adapters.kms_api import (
    ENDPOINT,
    SCHEME,
    KmsApi,
    checked,
    checked_field,
    checksum,
    encoded,
)
from custody.adapters.signing import compact, public_jwk
from custody.errors import MissingKeysetError, UnavailableError

_ALGORITHM = "EC_SIGN_P256_SHA256"
_ENABLED, _DISABLED = "ENABLED", "DISABLED"


class CloudSigner:
    """Signs with the newest version of the key. For signing, KMS has no primary version."""

    def __init__(self, uri: str, session: AuthorizedSession, *, endpoint: str = ENDPOINT) -> None:
        self._key = uri.removeprefix(SCHEME)
        self._kms = KmsApi(session, endpoint=endpoint)
        self._newest: tuple[str, str] | None = None  # name and thumbprint, once a process

    def sign(self, claims: Mapping[str, object], typ: str) -> str:
        version, kid = self._newest = self._newest or self._find_newest()
        try:
            return compact(claims, typ, kid, partial(self._signature, version))
        except MissingKeysetError:
            self._newest = None  # disabled meanwhile: whoever asks again gets its successor
            raise

    def keys(self) -> dict[str, Any]:
        """Those of all versions that may have signed, as far as KMS shows them."""
        shown = [self._shown(version, state) for version, state in self._versions()]
        return {"keys": [key for key in shown if key]}

    def _shown(self, version: str, state: str) -> dict[str, Any] | None:
        """KMS shows no key of a destroyed version, and promises nothing of a disabled one."""
        if state not in (_ENABLED, _DISABLED):
            return None
        try:
            return self._jwk(version)
        except MissingKeysetError:
            if state == _ENABLED:
                raise
            return None

    def _find_newest(self) -> tuple[str, str]:
        for version, state in self._versions():
            if state == _ENABLED:
                return version, self._jwk(version)["kid"]
        raise MissingKeysetError("no version of the signing key is enabled: create one")

    def _versions(self) -> list[tuple[str, str]]:
        """Name and state of each, the newest first. (Filtering by KMS itself is in beta.)"""
        name = f"{self._key}/cryptoKeyVersions"
        page = self._kms.get(name)
        found = page.get("cryptoKeyVersions", [])
        while token := page.get("nextPageToken"):
            page = self._kms.get(name, pageToken=token)
            found += page.get("cryptoKeyVersions", [])
        ours = [(one["name"], one["state"]) for one in found if one["algorithm"] == _ALGORITHM]
        return sorted(ours, key=lambda one: int(one[0].rpartition("/")[2]), reverse=True)

    def _jwk(self, version: str) -> dict[str, Any]:
        answer = self._kms.get(f"{version}/publicKey")
        _expect(as_asked=answer["name"] == version)
        return public_jwk(checked(answer["pem"].encode(), answer["pemCrc32c"]).decode())

    def _signature(self, version: str, data: bytes) -> bytes:
        digest = hashlib.sha256(data).digest()
        answer = self._kms.post(
            f"{version}:asymmetricSign",
            {"digest": {"sha256": encoded(digest)}, "digestCrc32c": checksum(digest)},
        )
        _expect(as_asked=answer["name"] == version and answer.get("verifiedDigestCrc32c", False))
        return checked_field(answer, "signature")


def _expect(*, as_asked: bool) -> None:
    if not as_asked:
        raise UnavailableError("Cloud KMS did not confirm what it was asked: deliver again")
