"""Every method of Google's own clients is served, or refused by its name; nothing is ignored."""

from collections.abc import Callable, Iterator
from typing import Any, Self

import grpc
import pytest
from google.api_core.exceptions import MethodNotImplemented
from google.pubsub_v1.services.publisher.transports.grpc import PublisherGrpcTransport
from google.pubsub_v1.services.schema_service.transports.grpc import SchemaServiceGrpcTransport
from google.pubsub_v1.services.subscriber.transports.grpc import SubscriberGrpcTransport

from localcloud.pubsub.methods import REFUSED, STREAMING_PULL
from worlds.pubsub import TOPIC, named
from worlds.pubsub_local import Local, local_world

TRANSPORTS = (PublisherGrpcTransport, SubscriberGrpcTransport, SchemaServiceGrpcTransport)


class RecordingChannel(grpc.Channel):  # type: ignore[misc]
    """Notes the path of every call that a transport could make."""

    def __init__(self) -> None:
        self.paths: set[str] = set()

    def _note(self, path: str, *_: object, **__: object) -> Callable[..., None]:
        self.paths.add(path)
        return lambda *_, **__: None

    unary_unary = unary_stream = stream_unary = stream_stream = _note

    def subscribe(self, *_: object, **__: object) -> None: ...
    def unsubscribe(self, *_: object) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


def paths_of(transport_class: Any) -> set[str]:
    channel = RecordingChannel()
    transport = transport_class(channel=channel)
    transport._logged_channel = channel  # the interceptors around it need a real channel
    transport._stubs.clear()
    for name, member in vars(transport_class).items():
        if isinstance(member, property):
            getattr(transport, name)
    for name in ("get_iam_policy", "set_iam_policy", "test_iam_permissions"):
        getattr(transport, name)
    return channel.paths


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with local_world(tmp_path_factory.mktemp("pubsub")) as local:
        local.topic()
        yield local


def test_every_path_of_googles_transports_is_served_or_listed_as_refused(local: Local) -> None:
    paths = set().union(*(paths_of(transport) for transport in TRANSPORTS))
    served = {*local.server.methods, STREAMING_PULL}
    assert not served & REFUSED
    assert paths == served | REFUSED


@pytest.mark.parametrize("path", sorted(REFUSED))
def test_refused_methods_say_which_they_are(local: Local, path: str) -> None:
    with grpc.insecure_channel(local.address) as channel, pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary(path)(b"")
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert path.removeprefix("/") in refused.value.details()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("enable_message_ordering", True),
        ("filter", 'attributes.kind = "test"'),
        ("enable_exactly_once_delivery", True),
        ("detached", True),
        ("bigquery_config", {"table": "p.d.t"}),
        ("cloud_storage_config", {"bucket": "b"}),
        ("message_transforms", [{"disabled": True}]),
        ("tags", {"1/a": "b"}),
    ],
)
def test_settings_that_would_be_ignored_are_refused(local: Local, field: str, value: Any) -> None:
    with pytest.raises(MethodNotImplemented, match=field):
        local.subscribe(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kms_key_name", "projects/p/locations/l/keyRings/r/cryptoKeys/k"),
        ("schema_settings", {"schema": "projects/p/schemas/s"}),
        ("ingestion_data_source_settings", {"cloud_storage": {"bucket": "b"}}),
        ("message_transforms", [{"disabled": True}]),
    ],
)
def test_topic_settings_that_would_be_ignored_are_refused(
    local: Local, field: str, value: Any
) -> None:
    with pytest.raises(MethodNotImplemented, match=field):
        local.publisher.create_topic(request={"name": TOPIC + "-more", field: value})


def test_ordering_keys_are_refused(local: Local) -> None:
    message = {"data": b"x", "ordering_key": "k"}
    with pytest.raises(MethodNotImplemented, match="ordering_key"):
        local.publish_all([message])


def test_what_was_acknowledged_may_be_asked_to_stay_but_never_to_come_back(local: Local) -> None:
    name = local.subscribe(retain_acked_messages=True)
    assert local.subscriber.get_subscription(subscription=name).retain_acked_messages
    with pytest.raises(MethodNotImplemented, match="Seek"):
        local.subscriber.seek(request={"subscription": named("one")})
