"""The REST side of the same port, with Google's API client and with plain HTTP."""

import base64
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import httplib2
import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError

from worlds.pubsub import TOPIC, eventually, named
from worlds.pubsub_local import Local, local_world

NAME = named("one")


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    with local_world(tmp_path) as local:
        yield local


@pytest.fixture
def projects(local: Local) -> Iterator[Any]:
    document = json.loads(get_static_doc("pubsub", "v1"))
    document["rootUrl"] = f"{local.server.url}/"
    document.pop("mtlsRootUrl", None)
    http = httplib2.Http()
    with build_from_document(document, http=http) as service:
        yield service.projects()


def test_topics_and_subscriptions_live_their_lives(projects: Any) -> None:
    topics, subscriptions = projects.topics(), projects.subscriptions()
    made = topics.create(name=TOPIC, body={"labels": {"a": "b"}}).execute()
    assert (made["name"], made["labels"]) == (TOPIC, {"a": "b"})
    assert topics.get(topic=TOPIC).execute() == made
    body = {"topic": TOPIC, "ackDeadlineSeconds": 20, "messageRetentionDuration": "600s"}
    subscribed = subscriptions.create(name=NAME, body=body).execute()
    assert subscribed["messageRetentionDuration"] == "600s"
    assert subscribed["expirationPolicy"] == {"ttl": "2678400s"}
    assert subscribed["pushConfig"] == {}
    assert subscriptions.get(subscription=NAME).execute() == subscribed
    assert subscriptions.list(project="projects/proj-one").execute()["subscriptions"]
    listed = topics.subscriptions().list(topic=TOPIC, pageSize=1).execute()
    assert listed == {"subscriptions": [NAME]}
    change = {"subscription": {"ackDeadlineSeconds": 30}, "updateMask": "ackDeadlineSeconds"}
    assert subscriptions.patch(name=NAME, body=change).execute()["ackDeadlineSeconds"] == 30
    change = {"topic": {"labels": {}}, "updateMask": "labels"}
    assert "labels" not in topics.patch(name=TOPIC, body=change).execute()
    assert subscriptions.delete(subscription=NAME).execute() == {}
    assert topics.delete(topic=TOPIC).execute() == {}
    assert topics.list(project="projects/proj-one").execute() == {}


def test_messages_go_through_rest_and_grpc_alike(local: Local, projects: Any) -> None:
    local.topic()
    local.subscribe()
    data = base64.b64encode(b"\xffover rest").decode()
    body = {"messages": [{"data": data, "attributes": {"kind": "test"}}]}
    (sent,) = projects.topics().publish(topic=TOPIC, body=body).execute()["messageIds"]
    (over_grpc,) = local.pull(NAME)
    assert over_grpc.message.data == b"\xffover rest"
    local.nack(NAME, over_grpc)
    pulling = projects.subscriptions().pull(subscription=NAME, body={"maxMessages": 5})
    (received,) = pulling.execute()["receivedMessages"]
    assert received["message"]["messageId"] == sent
    assert received["message"]["data"] == data
    assert received["message"]["attributes"] == {"kind": "test"}
    held = {"ackIds": [received["ackId"]], "ackDeadlineSeconds": 100}
    projects.subscriptions().modifyAckDeadline(subscription=NAME, body=held).execute()
    local.advance(99)
    assert local.counts(NAME)["leased"] == 1
    done = {"ackIds": [received["ackId"]]}
    projects.subscriptions().acknowledge(subscription=NAME, body=done).execute()
    assert local.is_empty(NAME)


def test_push_settings_change_over_rest(local: Local, projects: Any) -> None:
    local.topic()
    local.subscribe()
    push = {"pushConfig": {"pushEndpoint": "http://127.0.0.1:9/"}}
    projects.subscriptions().modifyPushConfig(subscription=NAME, body=push).execute()
    found = projects.subscriptions().get(subscription=NAME).execute()
    assert found["pushConfig"]["pushEndpoint"] == "http://127.0.0.1:9/"


def test_refusals_have_the_status_in_http_and_in_the_body(projects: Any) -> None:
    with pytest.raises(HttpError) as missing:
        projects.topics().get(topic=TOPIC).execute()
    assert missing.value.status_code == 404
    assert json.loads(missing.value.content)["error"]["status"] == "NOT_FOUND"
    with pytest.raises(HttpError) as refused:
        projects.snapshots().list(project="projects/proj-one").execute()
    assert refused.value.status_code == 501
    assert "pubsub.projects.snapshots.list" in refused.value.reason
    with pytest.raises(HttpError) as invalid:
        projects.topics().publish(topic=TOPIC, body={"messages": []}).execute()
    assert invalid.value.status_code == 400


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("POST", f"/v1/{TOPIC}:publish", {"nonsense": 1}, 400),
        ("POST", f"/v1/{TOPIC}:publish", {"messages": "nonsense"}, 400),
        ("POST", f"/v1/{TOPIC}:publish", {"messages": [{"data": "?"}]}, 400),
        ("POST", f"/v1/{TOPIC}:publish?nonsense=1", {"messages": [{"data": "eA=="}]}, 400),
        ("POST", f"/v1/{TOPIC}:detach", {}, 404),
        ("PATCH", f"/v1/{TOPIC}", {"topic": {"labels": {}}}, 400),
        ("GET", "/v2/projects", None, 404),
        ("GET", f"/v1/{TOPIC}?fields=name", None, 200),
        ("GET", f"/v1/{TOPIC}?fields=nonsense", None, 400),
    ],
)
def test_requests_are_held_against_googles_own_document(
    local: Local, verb: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    local.topic()
    content = None if body is None else json.dumps(body).encode()
    request = Request(local.server.url + path, content, method=verb)
    try:
        with urlopen(request) as answer:
            found, answered = answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            found, answered = error.code, json.load(error)
    assert found == status, answered
    if status == 200:
        assert answered == {"name": TOPIC}


def test_the_state_of_all_backlogs_is_one_request_away(local: Local) -> None:
    local.topic()
    local.subscribe()
    local.publish()
    with urlopen(f"{local.server.url}/_state") as answer:
        state = json.load(answer)
    assert 0 <= state[NAME].pop("oldest_unacked_seconds") < 10
    assert state == {NAME: {"ready": 1, "leased": 0, "delayed": 0}}


def test_the_clock_moves_over_http_and_what_it_brings_is_done_when_it_answers(
    local: Local,
) -> None:
    local.topic()
    local.subscribe()
    content = json.dumps({"advance": 32 * 86_400}).encode()
    with urlopen(Request(f"{local.server.url}/_clock", content)):
        assert not local.server.backlog.counts()


def test_a_client_that_hung_up_takes_no_message_with_it(local: Local) -> None:
    local.topic()
    local.subscribe()
    body = b'{"maxMessages": 1}'
    head = f"POST /v1/{NAME}:pull HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(local.address.split(":")[1]))) as connection:
        connection.sendall(head.encode() + body)
        time.sleep(0.2)
    local.publish()
    time.sleep(0.1)
    assert local.counts(NAME) == {"ready": 1, "leased": 0, "delayed": 0}


def test_one_port_speaks_both_protocols_side_by_side(local: Local) -> None:
    local.topic()
    local.subscribe()
    port = int(local.address.split(":")[1])
    failures: list[BaseException] = []

    def over_http() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(50):
            body = json.dumps({"messages": [{"data": "eA=="}]})
            connection.request("POST", f"/v1/{TOPIC}:publish", body)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                failures.append(AssertionError(answer.status))
        connection.close()

    threads = [threading.Thread(target=over_http) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        local.publish()
    for thread in threads:
        thread.join()
    assert not failures
    eventually(lambda: local.counts(NAME)["ready"] == 200)
