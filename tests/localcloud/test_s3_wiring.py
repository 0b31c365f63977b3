"""S3 as a part of the whole local cloud."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from localcloud.environment import OFFSITE
from localcloud.local import LocalCloud

NOT_ITS_OWN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")


def client(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Amazon's, with nothing but the settings."""
    for name in NOT_ITS_OWN:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return boto3.session.Session().client("s3")


def test_settings_alone_lead_amazons_client_to_its_buckets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both keep versions; a keyset must be erasable at any time, so only the first locks."""
    local = LocalCloud(tmp_path, Path())
    environment = local.start_servers({})
    s3 = client(environment, monkeypatch)
    offsite, keys = (environment[setting] for setting in OFFSITE)
    for bucket in (offsite, keys):
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_object_lock_configuration(Bucket=offsite)["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled"
    }
    with pytest.raises(s3.exceptions.ClientError, match="ObjectLockConfigurationNotFound"):
        s3.get_object_lock_configuration(Bucket=keys)
    assert local.urls()["s3"] == environment["AWS_ENDPOINT_URL_S3"]
    s3.close()
    local.stop()


def test_servers_end_though_no_function_was_ever_started(tmp_path: Path) -> None:
    local = LocalCloud(tmp_path, Path())
    local.start_servers({})
    local.stop()
    again = LocalCloud(tmp_path, Path())
    again.start_servers({})
    again.stop()
