"""Keys that wrap keysets: a file on one machine, Cloud KMS in the cloud."""

from pathlib import Path
from typing import Any

import tink
from google.auth.transport.requests import AuthorizedSession
from tink import aead, json_proto_keyset_format, secret_key_access

from custody.adapters.key_files import create_key_file, read_key_file
from custody.adapters.kms_api import (
    ENDPOINT,
    SCHEME,
    KmsApi,
    checked_field,
    checksum,
    encoded,
)
from custody.errors import BadCallError, CorruptError, MissingKeysetError, UnavailableError


class LocalKek:
    """A Tink AEAD keyset in a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        aead.register()
        text = read_key_file(path)
        try:
            handle = json_proto_keyset_format.parse(text, secret_key_access.TOKEN)
            self._aead = handle.primitive(aead.Aead)
        except tink.TinkError as error:
            raise MissingKeysetError(f"{path} holds no key: restore it") from error

    @classmethod
    def create(cls, path: Path) -> "LocalKek":
        """Makes the file. AlreadyExistsError where there is one: its key wraps keysets."""
        aead.register()
        handle = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
        create_key_file(path, json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))
        return cls(path)

    def wrap(self, keyset: bytes, associated: bytes) -> bytes:
        return bytes(self._aead.encrypt(keyset, associated))

    def unwrap(self, wrapped: bytes, associated: bytes) -> bytes:
        try:
            return bytes(self._aead.decrypt(wrapped, associated))
        except tink.TinkError as error:
            raise CorruptError("a wrapped keyset is altered or not of this key") from error


class CloudKek:
    """A key of Cloud KMS."""

    def __init__(self, uri: str, session: AuthorizedSession, *, endpoint: str = ENDPOINT) -> None:
        self._key = uri.removeprefix(SCHEME)
        self._kms = KmsApi(session, endpoint=endpoint)

    def wrap(self, keyset: bytes, associated: bytes) -> bytes:
        answer = self._ask("encrypt", plaintext=keyset, additionalAuthenticatedData=associated)
        if not (
            answer.get("verifiedPlaintextCrc32c")
            and answer.get("verifiedAdditionalAuthenticatedDataCrc32c")
        ):
            raise UnavailableError("Cloud KMS did not confirm the checksums of a request")
        return checked_field(answer, "ciphertext")

    def unwrap(self, wrapped: bytes, associated: bytes) -> bytes:
        answer = self._ask("decrypt", ciphertext=wrapped, additionalAuthenticatedData=associated)
        return checked_field(answer, "plaintext")

    def _ask(self, verb: str, **fields: bytes) -> dict[str, Any]:
        body = {name: encoded(data) for name, data in fields.items()}
        sums = {f"{name}Crc32c": checksum(data) for name, data in fields.items()}
        try:
            return self._kms.post(f"{self._key}:{verb}", body | sums)
        except BadCallError as error:
            raise CorruptError(
                "Cloud KMS cannot decrypt this: altered, or bound to something else"
            ) from error
