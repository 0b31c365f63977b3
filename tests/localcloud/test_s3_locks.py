"""Object Lock: what may be deleted when, by the local clock."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from amazon import Upload, code, entries
from localcloud.clock import Clock

DAY = timedelta(days=1)
REST = b"rest"


def locked(s3: Any, bucket: str, mode: str, until: datetime, name: str = "name") -> str:
    """The id of a version that is locked from its start."""
    made = s3.put_object(
        Bucket=bucket,
        Key=name,
        Body=b"content",
        ChecksumAlgorithm="SHA256",
        ObjectLockMode=mode,
        ObjectLockRetainUntilDate=until,
    )
    return str(made["VersionId"])


def assert_kept(s3: Any, bucket: str, version: str, **asked: Any) -> None:
    with pytest.raises(ClientError) as error:
        s3.delete_object(Bucket=bucket, Key="name", VersionId=version, **asked)
    assert code(error) == (403, "AccessDenied")
    assert s3.head_object(Bucket=bucket, Key="name", VersionId=version)


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_a_locked_version_is_kept_until_its_date(
    s3: Any, locks: str, storage_clock: Clock, mode: str
) -> None:
    version = locked(s3, locks, mode, storage_clock.now() + 2 * DAY)
    assert_kept(s3, locks, version)
    storage_clock.advance(DAY.total_seconds())
    assert_kept(s3, locks, version)
    storage_clock.advance(DAY.total_seconds())
    s3.delete_object(Bucket=locks, Key="name", VersionId=version)
    assert entries(s3.list_object_versions(Bucket=locks)) == []


def test_governance_may_be_bypassed_and_compliance_may_not(
    s3: Any, locks: str, storage_clock: Clock
) -> None:
    """T22: COMPLIANCE beats root."""
    until = storage_clock.now() + DAY
    version = locked(s3, locks, "COMPLIANCE", until)
    assert_kept(s3, locks, version, BypassGovernanceRetention=True)
    version = locked(s3, locks, "GOVERNANCE", until)
    assert_kept(s3, locks, version, BypassGovernanceRetention=False)
    s3.delete_object(Bucket=locks, Key="name", VersionId=version, BypassGovernanceRetention=True)


def test_a_plain_delete_marks_a_locked_version(s3: Any, locks: str, storage_clock: Clock) -> None:
    """The lock is the version's, and not the name's."""
    version = locked(s3, locks, "COMPLIANCE", storage_clock.now() + DAY)
    marker = s3.delete_object(Bucket=locks, Key="name")["VersionId"]
    assert [one[1] for one in entries(s3.list_object_versions(Bucket=locks))] == [version, marker]
    s3.delete_object(Bucket=locks, Key="name", VersionId=marker)


def test_of_many_only_the_unlocked_go_and_the_others_are_named(
    s3: Any, locks: str, storage_clock: Clock
) -> None:
    kept = locked(s3, locks, "GOVERNANCE", storage_clock.now() + DAY)
    free = s3.put_object(Bucket=locks, Key="name", Body=b"")["VersionId"]
    asked = {"Objects": [{"Key": "name", "VersionId": one} for one in (kept, free)]}
    answer = s3.delete_objects(Bucket=locks, Delete=asked)
    assert answer["Deleted"] == [{"Key": "name", "VersionId": free}]
    (error,) = answer["Errors"]
    assert (error["Key"], error["VersionId"], error["Code"]) == ("name", kept, "AccessDenied")
    again = s3.delete_objects(Bucket=locks, Delete=asked, BypassGovernanceRetention=True)
    assert "Errors" not in again


def test_a_retention_is_read_and_made_longer_but_not_shorter(
    s3: Any, locks: str, storage_clock: Clock
) -> None:
    now = storage_clock.now().replace(microsecond=0)
    version = locked(s3, locks, "COMPLIANCE", now + 2 * DAY)
    target = {"Bucket": locks, "Key": "name", "VersionId": version}

    def retain(mode: str, until: datetime) -> None:
        asked = {"Mode": mode, "RetainUntilDate": until}
        s3.put_object_retention(**target, Retention=asked, BypassGovernanceRetention=True)

    retain("COMPLIANCE", now + 3 * DAY)
    for mode, until in (("COMPLIANCE", now + DAY), ("GOVERNANCE", now + 4 * DAY)):
        with pytest.raises(ClientError) as error:
            retain(mode, until)
        assert code(error) == (403, "AccessDenied")
    found = s3.get_object_retention(**target)["Retention"]
    assert found == {"Mode": "COMPLIANCE", "RetainUntilDate": now + 3 * DAY}
    head = s3.head_object(**target)
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert head["ObjectLockRetainUntilDate"] == now + 3 * DAY


def test_governance_is_made_shorter_by_bypass_alone(
    s3: Any, locks: str, storage_clock: Clock
) -> None:
    now = storage_clock.now()
    version = locked(s3, locks, "GOVERNANCE", now + 2 * DAY)
    asked = {
        "Bucket": locks,
        "Key": "name",
        "VersionId": version,
        "Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": now + DAY},
    }
    with pytest.raises(ClientError) as error:
        s3.put_object_retention(**asked)
    assert code(error) == (403, "AccessDenied")
    s3.put_object_retention(**asked, BypassGovernanceRetention=True)


def test_a_legal_hold_has_no_date(s3: Any, locks: str, storage_clock: Clock) -> None:
    version = s3.put_object(Bucket=locks, Key="name", Body=b"")["VersionId"]
    s3.put_object_legal_hold(Bucket=locks, Key="name", LegalHold={"Status": "ON"})
    storage_clock.advance(3650 * DAY.total_seconds())
    assert_kept(s3, locks, version, BypassGovernanceRetention=True)
    s3.put_object_legal_hold(Bucket=locks, Key="name", LegalHold={"Status": "OFF"})
    s3.delete_object(Bucket=locks, Key="name", VersionId=version)


def test_a_version_without_retention_says_so(s3: Any, locks: str) -> None:
    s3.put_object(Bucket=locks, Key="name", Body=b"")
    with pytest.raises(ClientError) as error:
        s3.get_object_retention(Bucket=locks, Key="name")
    assert code(error) == (404, "NoSuchObjectLockConfiguration")


def test_an_upload_in_parts_is_locked_as_its_first_call_asked(
    s3: Any, locks: str, storage_clock: Clock
) -> None:
    until = storage_clock.now().replace(microsecond=0) + DAY
    lock: dict[str, Any] = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
    done = Upload(s3, locks, ChecksumAlgorithm="SHA256", **lock).send(REST).complete()
    found = s3.get_object_retention(Bucket=locks, Key="name")["Retention"]
    assert found == {"Mode": "COMPLIANCE", "RetainUntilDate": until}
    assert_kept(s3, locks, done["VersionId"])


def test_a_lock_in_the_past_or_without_a_checksum_is_refused(
    s3: Any, locks: str, storage_clock: Clock
) -> None:
    with pytest.raises(ClientError) as error:
        locked(s3, locks, "COMPLIANCE", storage_clock.now() - DAY)
    assert code(error) == (400, "InvalidArgument")
    with pytest.raises(ClientError) as error:
        Upload(
            s3,
            locks,
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=storage_clock.now() - DAY,
        )
    assert code(error) == (400, "InvalidArgument")


def test_a_bucket_without_locks_takes_none(s3: Any, versions: str, storage_clock: Clock) -> None:
    """T22: what must be erasable at any time lies in such a one."""
    until = storage_clock.now() + DAY
    with pytest.raises(ClientError) as error:
        locked(s3, versions, "GOVERNANCE", until)
    assert code(error) == (400, "InvalidRequest")
    lock: dict[str, Any] = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
    with pytest.raises(ClientError) as error:
        Upload(s3, versions, **lock)
    assert code(error) == (400, "InvalidRequest")
    with pytest.raises(ClientError) as error:
        s3.get_object_lock_configuration(Bucket=versions)
    assert code(error) == (404, "ObjectLockConfigurationNotFoundError")


def test_a_bucket_with_locks_keeps_its_versions(s3: Any, locks: str) -> None:
    configuration = s3.get_object_lock_configuration(Bucket=locks)["ObjectLockConfiguration"]
    assert configuration == {"ObjectLockEnabled": "Enabled"}
    assert s3.get_bucket_versioning(Bucket=locks)["Status"] == "Enabled"
    with pytest.raises(ClientError) as error:
        s3.put_bucket_versioning(Bucket=locks, VersioningConfiguration={"Status": "Suspended"})
    assert code(error) == (409, "InvalidBucketState")


def test_a_default_retention_holds_by_the_local_clock(
    s3: Any, locks: str, storage_clock: Clock
) -> None:
    storage_clock.advance(10 * DAY.total_seconds())
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    s3.put_object_lock_configuration(
        Bucket=locks,
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
    )
    made = s3.put_object(Bucket=locks, Key="name", Body=b"", ChecksumAlgorithm="SHA256")
    assert_kept(s3, locks, made["VersionId"])
    in_parts = Upload(s3, locks, ChecksumAlgorithm="SHA256").send(REST).complete()
    assert_kept(s3, locks, in_parts["VersionId"])
    storage_clock.advance(DAY.total_seconds())
    s3.delete_object(Bucket=locks, Key="name", VersionId=made["VersionId"])
