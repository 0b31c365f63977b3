"""The recovery key: a key pair whose private half lies offline, for the day without Google.

Tink hybrid encryption (HPKE, RFC 9180: X25519, HKDF-SHA256, AES-256-GCM), so that a keyset can be
unwrapped with Tink and the private key alone.
"""

from contextlib import suppress
from pathlib import Path

import tink
from tink import hybrid, json_proto_keyset_format, secret_key_access

from custody.adapters.key_files import create_key_file, read_key_file
from custody.adapters.keys import is_destroyed, recovery_associated
from custody.adapters.ranges import Objects
from custody.adapters.sealing import Sealer
from custody.domain import names
from custody.domain.recovery import KeyState
from custody.domain.vault import HoldingEpoch
from custody.errors import CorruptError, MissingKeysetError, NotFoundError, RefusedError

_TEMPLATE = hybrid.hybrid_key_templates.DHKEM_X25519_HKDF_SHA256_HKDF_SHA256_AES_256_GCM


class PublicRecoveryKey:
    """The Recipient port: whoever has it can wrap, and unwrap nothing."""

    def __init__(self, text: str) -> None:
        hybrid.register()
        try:
            handle = json_proto_keyset_format.parse_without_secret(text)
            self._key = handle.primitive(hybrid.HybridEncrypt)
        except tink.TinkError as error:
            raise RefusedError(
                "CUSTODY_RECOVERY_KEY is no public key: it should be what "
                "'custody recovery make-key' printed"
            ) from error

    def wrap(self, keyset: bytes, associated: bytes) -> bytes:
        return bytes(self._key.encrypt(keyset, associated))


class RecoveryKey:
    """The private half, in a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        hybrid.register()
        try:
            text = read_key_file(path)
            self._handle = json_proto_keyset_format.parse(text, secret_key_access.TOKEN)
            self._key = self._handle.primitive(hybrid.HybridDecrypt)
        except (tink.TinkError, UnicodeDecodeError) as error:
            raise MissingKeysetError(
                f"{path} holds no recovery key: find the right file"
            ) from error

    @classmethod
    def create(cls, path: Path) -> "RecoveryKey":
        """Makes the file. AlreadyExistsError where there is one."""
        hybrid.register()
        handle = tink.new_keyset_handle(_TEMPLATE)
        create_key_file(path, json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))
        return cls(path)

    @property
    def public(self) -> str:
        """The public half in one line of JSON."""
        public = self._handle.public_keyset_handle()
        text = json_proto_keyset_format.serialize_without_secret(public)
        return "".join(line.strip() for line in text.splitlines())

    def unwrap(self, wrapped: bytes, associated: bytes) -> bytes:
        """CorruptError for what was altered or wrapped for another key."""
        try:
            return bytes(self._key.decrypt(wrapped, associated))
        except tink.TinkError as error:
            raise CorruptError("a keyset is altered, or not for this recovery key") from error


class BucketRecoveryKeys:
    """The RecoveryKeys port on the off-site bucket of keysets."""

    def __init__(self, bucket: Objects, key: RecoveryKey) -> None:
        self._bucket = bucket
        self._key = key

    def unwrap(self, life: HoldingEpoch) -> Sealer:
        if is_destroyed(life, self._bucket):
            raise RefusedError(f"{life} was erased: nothing of it comes back")
        try:
            sealed = self._bucket.read(names.recovery_name(life)).data
        except NotFoundError as error:
            raise MissingKeysetError(
                f"{life} has no keyset for the recovery key: it needs its wrapping key at Google"
            ) from error
        return Sealer(self._key.unwrap(sealed, recovery_associated(life)))


def key_states(bucket: Objects) -> dict[HoldingEpoch, KeyState]:
    """Every epoch of which anything lies there, and whether the recovery key opens it."""
    found: dict[HoldingEpoch, set[str]] = {}
    for name in bucket.names(""):
        with suppress(CorruptError):  # what is not ours must not stand in the way on such a day
            life, part = names.parse_key_name(name)
            found.setdefault(life, set()).add(part)
    return {life: KeyState.of(found[life]) for life in sorted(found)}
