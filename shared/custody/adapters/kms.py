"""Keys that wrap keysets: a file on one machine, Cloud KMS in the cloud."""

import base64
import os
import tempfile
from pathlib import Path
from typing import Any

import google_crc32c
import requests
import tink
from google.auth import exceptions
from google.auth.transport.requests import AuthorizedSession
from tink import aead, json_proto_keyset_format, secret_key_access

from custody.errors import (
    AlreadyExistsError,
    CorruptError,
    CustodyError,
    MissingKeysetError,
    RateLimitedError,
    UnavailableError,
)

KMS_ENDPOINT = "https://cloudkms.googleapis.com"
SCOPES = ("https://www.googleapis.com/auth/cloudkms",)
_SCHEME = "gcp-kms://"
_TIMEOUT_SECONDS = 30


class LocalKek:
    """A Tink AEAD keyset in a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        aead.register()
        try:
            handle = json_proto_keyset_format.parse(path.read_text(), secret_key_access.TOKEN)
            self._aead = handle.primitive(aead.Aead)
        except FileNotFoundError as error:
            raise MissingKeysetError(
                f"there is no key file {path}: create or restore it"
            ) from error
        except tink.TinkError as error:
            raise MissingKeysetError(f"{path} holds no key: restore it") from error

    @classmethod
    def create(cls, path: Path) -> "LocalKek":
        """Makes the file. AlreadyExistsError where there is one: its key wraps keysets."""
        aead.register()
        handle = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
        text = json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN)
        # Its mode is 0600. The link makes the file whole or not at all, and never over another one.
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as draft:
            draft.write(text)
            draft.flush()
            os.fsync(draft.fileno())
            try:
                path.hardlink_to(draft.name)
            except FileExistsError as error:
                raise AlreadyExistsError(f"there is a key file {path} already: use it") from error
        return cls(path)

    def wrap(self, keyset: bytes, associated: bytes) -> bytes:
        return bytes(self._aead.encrypt(keyset, associated))

    def unwrap(self, wrapped: bytes, associated: bytes) -> bytes:
        try:
            return bytes(self._aead.decrypt(wrapped, associated))
        except tink.TinkError as error:
            raise CorruptError("a wrapped keyset is altered or not of this key") from error


class CloudKek:
    """A key of Cloud KMS, asked by REST: its gRPC client doubles a function's cold start."""

    def __init__(
        self, uri: str, session: AuthorizedSession, *, endpoint: str = KMS_ENDPOINT
    ) -> None:
        self._url = f"{endpoint}/v1/{uri.removeprefix(_SCHEME)}"
        self._session = session

    def wrap(self, keyset: bytes, associated: bytes) -> bytes:
        answer = self._ask("encrypt", plaintext=keyset, additionalAuthenticatedData=associated)
        if not (
            answer.get("verifiedPlaintextCrc32c")
            and answer.get("verifiedAdditionalAuthenticatedDataCrc32c")
        ):
            raise UnavailableError("Cloud KMS did not confirm the checksums of a request")
        return _checked(answer, "ciphertext")

    def unwrap(self, wrapped: bytes, associated: bytes) -> bytes:
        answer = self._ask("decrypt", ciphertext=wrapped, additionalAuthenticatedData=associated)
        return _checked(answer, "plaintext")

    def _ask(self, verb: str, **fields: bytes) -> dict[str, Any]:
        body = {name: base64.b64encode(data).decode() for name, data in fields.items()}
        sums = {f"{name}Crc32c": str(google_crc32c.value(data)) for name, data in fields.items()}
        try:
            response = self._session.post(
                f"{self._url}:{verb}", json=body | sums, timeout=_TIMEOUT_SECONDS
            )
        except (requests.RequestException, exceptions.GoogleAuthError) as error:
            raise UnavailableError("Cloud KMS does not answer: deliver again") from error
        if response.status_code != requests.codes.ok:
            raise _refusal(response)
        answer: dict[str, Any] = response.json()
        return answer


def _checked(answer: dict[str, Any], field: str) -> bytes:
    """A field that arrived as KMS sent it (Cloud KMS, "Data integrity guidelines")."""
    data = base64.b64decode(answer[field])
    if google_crc32c.value(data) != int(answer[f"{field}Crc32c"]):
        raise UnavailableError("an answer of Cloud KMS was altered on its way: deliver again")
    return data


def _refusal(response: requests.Response) -> CustodyError:
    status = response.status_code
    if status == requests.codes.too_many_requests:
        return RateLimitedError("Cloud KMS asks us to slow down")
    if status >= requests.codes.server_error:
        return UnavailableError(f"Cloud KMS failed with {status}: deliver again")
    if status == requests.codes.bad_request and "FAILED_PRECONDITION" not in response.text:
        return CorruptError("Cloud KMS cannot decrypt this: altered, or bound to something else")
    # 403, 404, and FAILED_PRECONDITION for a key version that is disabled or destroyed.
    return MissingKeysetError(f"Cloud KMS does not let us use the key ({status}): check its state")
