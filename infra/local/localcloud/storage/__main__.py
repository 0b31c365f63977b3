"""Runs Cloud Storage alone."""

from localcloud.standalone import run_alone
from localcloud.storage.server import StorageServer

run_alone(
    "storage",
    lambda data, clock, port: StorageServer(data=data, clock=clock, port=port),
    lambda server: server.url,
)
