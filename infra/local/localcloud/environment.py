"""The settings of everything that runs against one local cloud."""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build

from custody.adapters.kms import LocalKek
from custody.adapters.recovery import RecoveryKey
from custody.adapters.signing import LocalSigner
from localcloud.deployment import REGION
from localcloud.standalone import write_whole

PROJECT = "local-custody"
IDENTITY = "custody@datasmash.example"
MAILBOX = "intake@datasmash.example"
NOBODY = "127.0.0.1:9"
"""A closed port: clients without credentials must not go and ask a metadata server (T33)."""

POLICY = {
    "CUSTODY_ENVIRONMENT": "local",
    "CUSTODY_REGION": "europe-west3",
    "CUSTODY_QUIESCENCE_SECONDS": "2",
    "CUSTODY_DRIVE_CALLS_PER_MINUTE": "600000",
    "CUSTODY_ERASURE_DEADLINE_DAYS": "30",
    "CUSTODY_FOUR_EYES": "false",
    "CUSTODY_FOUR_EYES_OBJECTS": "1000",
    "CUSTODY_LOCK_DAYS": "0",
    "CUSTODY_LOCK_MODE": "GOVERNANCE",
}
"""What the caller's own environment may set otherwise."""

BUCKETS = {
    "CUSTODY_VAULT_BUCKET": "custody-vault",
    "CUSTODY_KEYS_BUCKET": "custody-keys",
    "CUSTODY_LEDGER_BUCKET": "custody-ledger",
    "CUSTODY_AUDIT_BUCKET": "custody-audit",
}

OFFSITE = {
    "CUSTODY_OFFSITE_BUCKET": "custody-offsite",
    "CUSTODY_OFFSITE_KEYS_BUCKET": "custody-offsite-keys",
}
"""The S3 buckets: of the versions, and of the keysets."""


def environment(
    given: Mapping[str, str],
    data: Path,
    *,
    drive: str,
    storage: str,
    s3: str = f"http://{NOBODY}",
    pubsub: str,
    push_url: str,
) -> dict[str, str]:
    """All settings: policy as given, secrets and ids of the data folder, endpoints of this run."""
    return {
        **POLICY,
        **{name: given[name] for name in POLICY if name in given},
        **BUCKETS,
        **OFFSITE,
        **amazon(s3),
        "CUSTODY_PROJECT": PROJECT,
        "CUSTODY_KEK_URI": f"file:{_kek(data / 'kek.json')}",
        "CUSTODY_SIGNING_KEY_URI": f"file:{_signing_key(data / 'signing.key')}",
        "CUSTODY_RECOVERY_KEY": _recovery_key(data / "recovery.key"),
        "CUSTODY_PUSH_SECRET": _kept(data / "push-secret", secrets.token_hex),
        "CUSTODY_PUSH_URL": push_url,
        "CUSTODY_DRIVE_ID": _kept(data / "drive-id", lambda: _make_drive(drive)),
        "CUSTODY_SUBJECT": IDENTITY,
        "CUSTODY_DRIVE_ENDPOINT": drive,
        "STORAGE_EMULATOR_HOST": storage,
        "PUBSUB_EMULATOR_HOST": pubsub,
        "CUSTODY_CLOCK_FILE": str((data / "clock").resolve()),
        "GCE_METADATA_HOST": NOBODY,
        "NO_GCE_CHECK": "true",
    }


def amazon(s3: str) -> dict[str, str]:
    """The settings of custody and of Amazon's own clients for the one server that plays both."""
    return {
        "CUSTODY_OFFSITE_REGION": REGION,
        "CUSTODY_OFFSITE_ROLE": "",
        "AWS_ENDPOINT_URL_S3": s3,
        "AWS_ENDPOINT_URL_STS": s3,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _kept(path: Path, make: Callable[[], str]) -> str:
    """What an earlier run made, or makes it now."""
    if not path.exists():
        write_whole(path, make())
        path.chmod(0o600)
    return path.read_text()


def _kek(path: Path) -> Path:
    if not path.exists():
        LocalKek.create(path)
    return path.resolve()


def _recovery_key(path: Path) -> str:
    """The public half. On one machine the private one lies beside the data, as nowhere else."""
    return (RecoveryKey(path) if path.exists() else RecoveryKey.create(path)).public


def _signing_key(path: Path) -> Path:
    if not path.exists():
        LocalSigner.create(path)
    return path.resolve()


def _make_drive(endpoint: str) -> str:
    """The shared drive, asked for under a fixed request id."""
    service = build(
        "drive",
        "v3",
        credentials=Credentials(token=IDENTITY),
        static_discovery=False,
        cache_discovery=False,
        discoveryServiceUrl=endpoint + "/discovery/v1/apis/{api}/{apiVersion}/rest",
    )
    made = service.drives().create(requestId="custody", body={"name": "Custody"}).execute()
    return str(made["id"])
