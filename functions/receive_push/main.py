"""Drive's pushes -> topic drive-pushes. Needs the push secret and one topic, and reads no store."""

import flask
import functions_framework

from custody import cloud
from custody.steps.receive_push import Push
from custody.steps.receive_push import receive_push as pass_on


@functions_framework.http
def receive_push(request: flask.Request) -> tuple[str, int]:
    world = cloud.connect()
    corpus = pass_on(
        Push(
            channel=request.headers.get("X-Goog-Channel-ID", ""),
            token=request.headers.get("X-Goog-Channel-Token", ""),
            state=request.headers.get("X-Goog-Resource-State", ""),
        ),
        publisher=world.publisher,
        secret=world.push_secret,
        now=world.now(),
    )
    return ("", 204) if corpus else ("", 403)
