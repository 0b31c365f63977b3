"""Every setting, in one typed table. Terraform sets the same names and a test compares them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from custody.errors import CustodyError


class SettingError(CustodyError):
    """A setting is missing or ill-typed. The message names it and says what it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One environment variable."""

    name: str
    type: type
    meaning: str
    default: Any = None
    """None for a setting that has no default."""


_TABLE = (
    Setting(name="CUSTODY_PROJECT", type=str, meaning="the Google Cloud project id"),
    Setting(name="CUSTODY_ENVIRONMENT", type=str, meaning="the environment's name, such as prod"),
    Setting(name="CUSTODY_REGION", type=str, meaning="the region, such as europe-west3"),
    Setting(name="CUSTODY_VAULT_BUCKET", type=str, meaning="the bucket of the versions"),
    Setting(name="CUSTODY_KEYS_BUCKET", type=str, meaning="the bucket of the wrapped keysets"),
    Setting(name="CUSTODY_LEDGER_BUCKET", type=str, meaning="the bucket of the ledger"),
    Setting(name="CUSTODY_AUDIT_BUCKET", type=str, meaning="the bucket of the audit streams"),
    Setting(
        name="CUSTODY_OFFSITE_BUCKET", type=str, meaning="the S3 bucket of the off-site copies"
    ),
    Setting(
        name="CUSTODY_OFFSITE_KEYS_BUCKET",
        type=str,
        meaning="the S3 bucket of the off-site copies of wrapped keysets, without object lock",
    ),
    Setting(
        name="CUSTODY_OFFSITE_REGION",
        type=str,
        meaning="the AWS region of the off-site buckets, such as eu-central-1",
    ),
    Setting(
        name="CUSTODY_OFFSITE_ROLE",
        type=str,
        meaning="the ARN of the AWS role of this identity; empty for the usual AWS credentials",
        default="",
    ),
    Setting(
        name="CUSTODY_SIGNING_KEY_URI",
        type=str,
        meaning="gcp-kms://… or file:… of the key that signs receipts",
    ),
    Setting(name="CUSTODY_KEK_URI", type=str, meaning="gcp-kms://… or file:… of the wrapping key"),
    Setting(
        name="CUSTODY_RECOVERY_KEY",
        type=str,
        meaning="the public recovery key as 'custody recovery make-key' prints it",
        default="",
    ),
    Setting(name="CUSTODY_PUSH_SECRET", type=str, meaning="the secret behind channel tokens"),
    Setting(name="CUSTODY_PUSH_URL", type=str, meaning="the address of receive_push"),
    Setting(name="CUSTODY_DRIVE_ID", type=str, meaning="the id of the shared drive"),
    Setting(
        name="CUSTODY_SUBJECT",
        type=str,
        meaning="the role identity whose own change log is followed",
        default="",
    ),
    Setting(
        name="CUSTODY_DRIVE_ENDPOINT",
        type=str,
        meaning="another root of the Drive API; empty for Google's",
        default="",
    ),
    Setting(
        name="STORAGE_EMULATOR_HOST",
        type=str,
        meaning="another root of Cloud Storage; empty for Google's",
        default="",
    ),
    Setting(
        name="PUBSUB_EMULATOR_HOST",
        type=str,
        meaning="host:port of another Pub/Sub; empty for Google's",
        default="",
    ),
    Setting(
        name="AWS_ENDPOINT_URL_S3",
        type=str,
        meaning="another root of S3; empty for Amazon's",
        default="",
    ),
    Setting(
        name="AWS_ENDPOINT_URL_STS",
        type=str,
        meaning="another root of AWS STS; empty for Amazon's",
        default="",
    ),
    Setting(
        name="CUSTODY_DRIVE_CALLS_PER_MINUTE",
        type=int,
        meaning="Drive calls a minute that one process may make; instances times it is the quota",
        default=3000,
    ),
    Setting(
        name="CUSTODY_CLOCK_FILE",
        type=str,
        meaning="a file with seconds to add to the clock, for rehearsals on the local cloud",
        default="",
    ),
    Setting(
        name="CUSTODY_QUIESCENCE_SECONDS",
        type=int,
        meaning="longest life of a function plus margin",
        default=900,
    ),
    Setting(
        name="CUSTODY_ERASURE_DEADLINE_DAYS",
        type=int,
        meaning="days in which an erasure is to be certified",
        default=30,
    ),
    Setting(
        name="CUSTODY_LOCK_DAYS",
        type=int,
        meaning="days for which off-site versions are locked; 0 for no lock",
        default=0,
    ),
    Setting(
        name="CUSTODY_LOCK_MODE",
        type=str,
        meaning="GOVERNANCE or COMPLIANCE, for locked off-site versions",
        default="GOVERNANCE",
    ),
    Setting(
        name="CUSTODY_FOUR_EYES",
        type=bool,
        meaning="true when erasing all of a large customer needs a second person",
        default=False,
    ),
    Setting(
        name="CUSTODY_FOUR_EYES_OBJECTS",
        type=int,
        meaning="how many versions make a customer a large one",
        default=1000,
    ),
)
SETTINGS = {setting.name: setting for setting in _TABLE}


class Settings:
    """The settings of one process, checked when they are first needed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str) -> str:
        return str(self._read(name, str))

    def number(self, name: str) -> int:
        return int(self._read(name, int))

    def is_on(self, name: str) -> bool:
        return bool(self._read(name, bool))

    def require(self, *names: str) -> None:
        """Raises SettingError for the first that is missing or ill-typed."""
        for name in names:
            self._read(name, SETTINGS[name].type)

    def _read(self, name: str, kind: type[Any]) -> Any:
        setting = SETTINGS[name]
        given = self._environment.get(name)
        if given is None and setting.default is None:
            raise SettingError(f"{name} is not set: it should be {setting.meaning}")
        try:
            return msgspec.convert(setting.default if given is None else given, kind, strict=False)
        except msgspec.ValidationError as error:
            raise SettingError(f"{name} is ill-typed: it should be {setting.meaning}") from error
