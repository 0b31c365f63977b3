"""Runs S3 alone."""

from localcloud.s3.server import S3Server
from localcloud.standalone import run_alone

run_alone(
    "s3",
    lambda data, clock, port: S3Server(data=data, clock=clock, port=port),
    lambda server: server.url,
)
