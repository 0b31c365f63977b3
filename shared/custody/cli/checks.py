"""What `custody doctor` looks at. Each check says what it found, or raises what is wrong."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from custody.cli.watches import cursor_age
from custody.cli.world import Desk
from custody.domain.drive import CORPORA, Corpus
from custody.domain.topology import FUNCTIONS, SWEEP_SECONDS, TOPICS
from custody.errors import CustodyError, RefusedError, UnavailableError
from custody.settings import SETTINGS, SettingError

LEAST_CHANNEL_LIFE = timedelta(hours=24)
OLDEST_CURSOR_SECONDS = 3 * SWEEP_SECONDS
LARGEST_SKEW_SECONDS = 60
BUCKETS = (
    "CUSTODY_VAULT_BUCKET",
    "CUSTODY_KEYS_BUCKET",
    "CUSTODY_LEDGER_BUCKET",
    "CUSTODY_AUDIT_BUCKET",
)
OFFSITE_BUCKETS = ("CUSTODY_OFFSITE_BUCKET", "CUSTODY_OFFSITE_KEYS_BUCKET")
LOCK_MODES = ("GOVERNANCE", "COMPLIANCE")
_ERASING = ("CUSTODY_VAULT_BUCKET", "CUSTODY_KEYS_BUCKET")
"""Where what is deleted must be gone at once."""
LONGEST_DEADLINE_DAYS = 30
"""GDPR, article 12(3): within one month."""
PROBE = "custody-probe+jws"
"""What the doctor signs is of a type of its own: it can be shown as nothing else."""
_STORAGE = "https://storage.googleapis.com"


class WrongError(CustodyError):
    """Something is not as it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing to look at, and what helps when it is wrong."""

    name: str
    look: Callable[[Desk], str]
    remedy: str


def checks() -> Iterator[Check]:
    """All of them; none depends on another."""
    yield Check(
        name="settings", look=_settings, remedy='run eval "$(custody env)", or set what is missing'
    )
    for setting in BUCKETS:
        yield Check(
            name=f"bucket {setting.removeprefix('CUSTODY_').removesuffix('_BUCKET').lower()}",
            look=partial(_bucket, setting),
            remedy=f"check {setting}, apply Terraform, and check this identity's grants",
        )
    yield Check(
        name="key", look=_key, remedy="enable the key, and let this identity encrypt and decrypt"
    )
    yield Check(
        name="signing key",
        look=_signing_key,
        remedy="enable the key's newest version, and let this identity sign and see public keys",
    )
    for corpus in CORPORA:
        yield Check(
            name=f"drive {corpus}",
            look=partial(_drive, corpus),
            remedy="check CUSTODY_SUBJECT and CUSTODY_DRIVE_ID, and that the drive is shared with "
            "the role identity",
        )
    yield from _watch_checks()
    yield Check(name="topics", look=_topics, remedy="apply Terraform: it makes all topics")
    yield Check(
        name="subscriptions", look=_queues, remedy="apply Terraform: it makes all subscriptions"
    )
    yield Check(
        name="policy",
        look=_policy,
        remedy="set CUSTODY_QUIESCENCE_SECONDS and CUSTODY_ERASURE_DEADLINE_DAYS, and apply "
        "Terraform",
    )
    yield from _offsite_checks()
    yield Check(name="clock", look=_clock, remedy="set this machine's clock by NTP")


def _watch_checks() -> Iterator[Check]:
    for corpus in CORPORA:
        yield Check(
            name=f"channel {corpus}",
            look=partial(_channel, corpus),
            remedy="see the log of renew_watches: its timer rings every hour",
        )
        yield Check(
            name=f"cursor {corpus}",
            look=partial(_cursor, corpus),
            remedy="see the log of drain_changes: its timer rings every ten minutes",
        )


def _offsite_checks() -> Iterator[Check]:
    for setting in OFFSITE_BUCKETS:
        yield Check(
            name=setting.removeprefix("CUSTODY_").removesuffix("_BUCKET").lower().replace("_", " "),
            look=partial(_offsite_bucket, setting),
            remedy=f"check {setting}, CUSTODY_OFFSITE_REGION and CUSTODY_OFFSITE_ROLE, apply "
            "infra/aws, and check this identity's grants",
        )
    yield Check(
        name="lock", look=_lock, remedy="set CUSTODY_LOCK_DAYS below CUSTODY_ERASURE_DEADLINE_DAYS"
    )
    yield Check(
        name="recovery key",
        look=_recovery_key,
        remedy="make one with 'custody recovery make-key', set its public half as "
        "CUSTODY_RECOVERY_KEY, keep the private half offline, and run 'custody keys copy'",
    )


def _settings(world: Desk) -> str:
    wrong = []
    for name in SETTINGS:
        try:
            world.settings.require(name)
        except SettingError as error:
            wrong.append(str(error))
    if wrong:
        raise WrongError("; ".join(wrong))
    return f"{len(SETTINGS)} settings are there and well-typed"


def _bucket(setting: str, world: Desk) -> str:
    from custody.cli.queues import google_errors

    name = world.settings.text(setting)
    bucket = world.storage.bucket(name)
    try:
        with google_errors(f"the bucket {name}"):
            bucket.reload(timeout=10, retry=None)
    except RefusedError:
        with google_errors(f"the bucket {name}"):
            next(iter(world.storage.list_blobs(bucket, max_results=1)), None)
        return f"{name} answers; its configuration is not for this identity to read"
    if setting in _ERASING:
        _require_forgetful(bucket, name)
    return f"{name} answers and is configured"


def _require_forgetful(bucket: Any, name: str) -> None:
    """T21: versioning and soft delete keep what was deleted."""
    kept = ["versioning is on"] if bucket.versioning_enabled else []
    if seconds := bucket.soft_delete_policy.retention_duration_seconds:
        kept.append(f"soft delete keeps objects for {seconds} s")
    if kept:
        raise WrongError(f"{name} keeps what is deleted: {' and '.join(kept)}")


def _key(world: Desk) -> str:
    probe, associated = os.urandom(32), b"custody/doctor/v1"
    if world.kek.unwrap(world.kek.wrap(probe, associated), associated) != probe:
        raise WrongError("what the key unwraps is not what it wrapped")
    return "wraps and unwraps"


def _signing_key(world: Desk) -> str:
    from custody.adapters.signing import verify

    signer = world.signer
    statement = signer.sign({"probe": os.urandom(16).hex()}, PROBE)
    verify(statement, signer.keys(), PROBE)
    return "signs, and its public key verifies that"


def _drive(corpus: Corpus, world: Desk) -> str:
    world.feed.start(corpus)
    return f"answers {world.settings.text('CUSTODY_SUBJECT') or 'the default identity'}"


def _channel(corpus: Corpus, world: Desk) -> str:
    address = world.push_url
    ends = [one.expires_at for one in world.channels.all(corpus) if one.address == address]
    if not ends:
        raise WrongError(f"no channel rings at {address}")
    left = max(ends) - world.now()
    if left < LEAST_CHANNEL_LIFE:
        raise WrongError(f"the last channel ends at {max(ends):%Y-%m-%d %H:%M} UTC")
    return f"rings for {left.days} more days"


def _cursor(corpus: Corpus, world: Desk) -> str:
    age = cursor_age(world, corpus)
    if age is None:
        raise WrongError("this change log was never followed")
    if age > OLDEST_CURSOR_SECONDS:
        raise WrongError(f"this change log was last followed {age} s ago")
    return f"moved {age} s ago"


def _topics(world: Desk) -> str:
    wanted = {name for topic in TOPICS for name in (topic, f"{topic}-dead")}
    with world.open_queues() as queues:
        missing = wanted - queues.topics()
    if missing:
        raise WrongError(f"missing: {', '.join(sorted(missing))}")
    return f"all {len(wanted)} exist"


def _queues(world: Desk) -> str:
    wanted = {(f"{topic}-dead", f"{topic}-dead") for topic in TOPICS}
    wanted |= {(one.name, one.topic) for one in FUNCTIONS if one.topic}
    with world.open_queues() as queues:
        missing = wanted - {(queue.name, queue.topic) for queue in queues.queues()}
    if missing:
        raise WrongError(f"missing: {', '.join(sorted(name for name, _ in missing))}")
    return f"all {len(wanted)} exist"


def _policy(world: Desk) -> str:
    """An erasure that ends while an old writer is still at work has proved nothing (T25)."""
    seconds = world.settings.number("CUSTODY_QUIESCENCE_SECONDS")
    days = world.settings.number("CUSTODY_ERASURE_DEADLINE_DAYS")
    longest = max(one.timeout_seconds for one in FUNCTIONS)
    is_local = bool(world.settings.text("CUSTODY_DRIVE_ENDPOINT"))
    if seconds < longest and not is_local:
        raise WrongError(f"erasures wait {seconds} s for writers that may live {longest} s")
    if not 1 <= days <= LONGEST_DEADLINE_DAYS:
        raise WrongError(f"erasures are given {days} days: 1 to {LONGEST_DEADLINE_DAYS} make sense")
    return f"erasures wait {seconds} s for old writers and have {days} days"


def _offsite_bucket(setting: str, world: Desk) -> str:
    """Amazon's own checks of clock and credentials come with the first call."""
    from custody.adapters.s3 import our_errors

    name, region = world.settings.text(setting), world.settings.text("CUSTODY_OFFSITE_REGION")
    with our_errors(name):
        found = world.s3.head_bucket(Bucket=name).get("BucketRegion")
    if found != region:
        raise WrongError(f"{name} lies in {found}, and CUSTODY_OFFSITE_REGION says {region}")
    _require_right_lock(world, setting, name)
    return f"{name} answers in {region}"


def _require_right_lock(world: Desk, setting: str, name: str) -> None:
    """A keyset that is locked cannot be shredded; a bucket without lock takes no locked version."""
    can_lock = _can_lock(world, name)
    wanted = world.settings.number("CUSTODY_LOCK_DAYS") > 0
    if can_lock and setting == "CUSTODY_OFFSITE_KEYS_BUCKET":
        raise WrongError(f"{name} has object lock: wrapped keysets belong where none is")
    if can_lock is False and wanted and setting == "CUSTODY_OFFSITE_BUCKET":
        raise WrongError(f"{name} has no object lock, and CUSTODY_LOCK_DAYS asks for it")


def _can_lock(world: Desk, name: str) -> bool | None:
    """None where this identity may not know."""
    from botocore.exceptions import ClientError

    try:
        answer = world.s3.get_object_lock_configuration(Bucket=name)
    except ClientError as error:
        is_absent = error.response["Error"]["Code"] == "ObjectLockConfigurationNotFoundError"
        return False if is_absent else None
    return bool(answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled")


def _lock(world: Desk) -> str:
    """A lock that outlives the deadline makes the promise of erasure a lie."""
    days = world.settings.number("CUSTODY_LOCK_DAYS")
    deadline = world.settings.number("CUSTODY_ERASURE_DEADLINE_DAYS")
    mode = world.settings.text("CUSTODY_LOCK_MODE")
    if not days:
        return f"off-site versions are not locked; erasures have {deadline} days"
    if mode not in LOCK_MODES:
        raise WrongError(f"CUSTODY_LOCK_MODE is {mode}: it should be {' or '.join(LOCK_MODES)}")
    if days >= deadline:
        raise WrongError(f"versions are locked for {days} days, erasures have {deadline}")
    return f"off-site versions are locked for {days} days ({mode}); erasures have {deadline} days"


def _recovery_key(world: Desk) -> str:
    if not world.has_recovery_key:
        raise WrongError("there is none: without Google, nothing could be restored")
    return "keysets are wrapped for it, too"


def _clock(world: Desk) -> str:
    import requests

    try:
        answer = requests.head(world.settings.text("STORAGE_EMULATOR_HOST") or _STORAGE, timeout=10)
        skew = abs((world.now() - parsedate_to_datetime(answer.headers["Date"])).total_seconds())
    except (requests.RequestException, KeyError, ValueError) as error:
        raise UnavailableError("storage does not say what time it is") from error
    if skew > LARGEST_SKEW_SECONDS:
        raise WrongError(f"{skew:.0f} s away from storage's clock")
    return f"within {LARGEST_SKEW_SECONDS} s of storage's clock"
