"""What Terraform makes in the cloud, made on the local one: buckets, topics, subscriptions."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import boto3
from google.api_core.exceptions import AlreadyExists, Conflict
from google.auth.credentials import AnonymousCredentials
from google.cloud import pubsub_v1, storage
from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1 import types

from custody.domain import topology

INVOKER = "invoker@local.example"
REGION = "eu-central-1"
"""Of S3."""


def make_buckets(endpoint: str, project: str, names: Iterable[str]) -> None:
    """Uniform access, no soft delete, no versioning: what is deleted is gone."""
    client = storage.Client(
        project=project,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": endpoint},
    )
    for name in names:
        bucket = client.bucket(name)
        bucket.soft_delete_policy.retention_duration_seconds = 0
        bucket.iam_configuration.uniform_bucket_level_access_enabled = True
        try:
            client.create_bucket(bucket)
        except Conflict:
            continue  # made by an earlier start


@cache
def s3_client(endpoint: str) -> Any:
    """Amazon's client, which takes its time to be made."""
    anybody = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    session = boto3.session.Session(**anybody)
    return session.client("s3", endpoint_url=endpoint, region_name=REGION)


def make_s3_buckets(client: Any, offsite: str, keys: str) -> None:
    """Both keep versions; the first can lock them, the second never: keysets must be erasable."""
    there = {one["Name"] for one in client.list_buckets()["Buckets"]}
    for name in (offsite, keys):
        if name not in there:
            client.create_bucket(
                Bucket=name,
                CreateBucketConfiguration={"LocationConstraint": REGION},
                ObjectLockEnabledForBucket=name == offsite,
            )
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


class Messaging:
    """Topics with their dead letters, and one push subscription for each function."""

    def __init__(self, project: str) -> None:
        self._project = f"projects/{project}"
        self._publisher = pubsub_v1.PublisherClient()
        self._subscriber = pubsub_v1.SubscriberClient()

    def deploy(self, url_of: Callable[[str], str]) -> None:
        for topic in topology.TOPICS:
            self._make_topic(topic)
            self._make_topic(f"{topic}-dead")
            self._subscribe(_subscription(self._project, f"{topic}-dead", f"{topic}-dead"))
        for function in topology.FUNCTIONS:
            if function.topic:
                push = _subscription(self._project, function.name, function.topic)
                self._subscribe(_pushing(push, self._project, function, url_of(function.name)))

    def close(self) -> None:
        self._publisher.stop()
        self._publisher.transport.close()
        self._subscriber.close()

    def _make_topic(self, name: str) -> None:
        try:
            self._publisher.create_topic(name=f"{self._project}/topics/{name}")
        except AlreadyExists:
            return

    def _subscribe(self, wanted: types.Subscription) -> None:
        """A subscription that stands already gets its endpoint anew: ports may differ."""
        try:
            self._subscriber.create_subscription(request=wanted)
        except AlreadyExists:
            if wanted.push_config.push_endpoint:
                self._subscriber.modify_push_config(
                    subscription=wanted.name, push_config=wanted.push_config
                )


def _subscription(project: str, name: str, topic: str) -> types.Subscription:
    """Never expires, keeps messages as long as Pub/Sub can (T19)."""
    return types.Subscription(
        name=f"{project}/subscriptions/{name}",
        topic=f"{project}/topics/{topic}",
        ack_deadline_seconds=topology.ACK_DEADLINE_SECONDS,
        message_retention_duration=Duration(seconds=topology.MESSAGE_RETENTION_DAYS * 86400),
        expiration_policy=types.ExpirationPolicy(),
    )


def _pushing(
    subscription: types.Subscription, project: str, function: topology.Function, url: str
) -> types.Subscription:
    """No filter by timer: the local Pub/Sub has none, and functions pass over others' timers."""
    least, most = topology.RETRY_SECONDS
    subscription.push_config = types.PushConfig(
        push_endpoint=url,
        oidc_token=types.PushConfig.OidcToken(service_account_email=INVOKER, audience=url),
    )
    subscription.retry_policy = types.RetryPolicy(
        minimum_backoff=Duration(seconds=least), maximum_backoff=Duration(seconds=most)
    )
    subscription.dead_letter_policy = types.DeadLetterPolicy(
        dead_letter_topic=f"{project}/topics/{function.topic}-dead",
        max_delivery_attempts=topology.DELIVERY_ATTEMPTS,
    )
    return subscription
