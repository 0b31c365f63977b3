"""A Cloud Storage or an S3 of its own for each test, and Google's or Amazon's client for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from localcloud.clock import Clock
from localcloud.s3 import S3Server
from localcloud.storage import StorageServer

REGION = "eu-central-1"


@pytest.fixture
def storage_clock() -> Clock:
    return Clock()


@pytest.fixture
def storage_server(tmp_path: Path, storage_clock: Clock) -> Iterator[StorageServer]:
    server = StorageServer(data=tmp_path / "storage", clock=storage_clock)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(storage_server: StorageServer) -> Iterator[Any]:
    made = storage.Client(
        project="test",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": storage_server.url},
    )
    yield made
    made.close()


@pytest.fixture
def http() -> Iterator[requests.Session]:
    """For what Google's client hides: single requests, seen as they are."""
    with requests.Session() as session:
        yield session


@pytest.fixture
def bucket(client: Any) -> Any:
    """A bucket as it is by default: soft delete for 7 days, no versions."""
    return client.create_bucket("default-bucket")


@pytest.fixture
def bare_bucket(client: Any) -> Any:
    """No versions, and nothing is kept after deletion."""
    made = client.bucket("bare-bucket")
    made.soft_delete_policy.retention_duration_seconds = 0
    return client.create_bucket(made)


@pytest.fixture
def versioned_bucket(client: Any) -> Any:
    """Keeps noncurrent versions, and nothing after their deletion."""
    made = client.bucket("versioned-bucket")
    made.versioning_enabled = True
    made.soft_delete_policy.retention_duration_seconds = 0
    return client.create_bucket(made)


@pytest.fixture
def s3_server(tmp_path: Path, storage_clock: Clock) -> Iterator[S3Server]:
    server = S3Server(data=tmp_path / "s3", clock=storage_clock)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def amazon() -> boto3.session.Session:
    """Made once: it reads the descriptions of the services."""
    return boto3.session.Session("key", "secret", region_name=REGION)


@pytest.fixture
def s3(amazon: boto3.session.Session, s3_server: S3Server) -> Iterator[Any]:
    """Tells the first answer: it does not try again."""
    once = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    made = amazon.client("s3", endpoint_url=s3_server.url, config=once)
    yield made
    made.close()


def _s3_bucket(s3: Any, name: str, **settings: Any) -> str:
    placed = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    s3.create_bucket(Bucket=name, **placed, **settings)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture
def versions(s3: Any) -> str:
    """A bucket that keeps versions."""
    return _s3_bucket(s3, "versions")


@pytest.fixture
def locks(s3: Any) -> str:
    """A bucket whose versions can be locked."""
    return _s3_bucket(s3, "locks", ObjectLockEnabledForBucket=True)
