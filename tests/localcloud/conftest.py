"""A Cloud Storage of its own for each test, and Google's client for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from localcloud.clock import Clock
from localcloud.storage import StorageServer


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
