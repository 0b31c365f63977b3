"""From a request line to an answer: matched, allowed, checked, run, checked again."""

from collections.abc import Mapping
from typing import Any

from localcloud.discovery import Matched
from localcloud.errors import ApiError
from localcloud.gmail import watches
from localcloud.gmail.access import Caller
from localcloud.gmail.call import Call
from localcloud.gmail.contract import contract, params_of, shown
from localcloud.gmail.mailboxes import own
from localcloud.gmail.methods import METHODS, WATCH
from localcloud.gmail.pushes import Pushes
from localcloud.gmail.refusals import forbidden, not_here
from localcloud.gmail.session import Push
from localcloud.gmail.store import Store
from localcloud.schema import Json


def call_of(
    matched: Matched,
    caller: Caller,
    query: Mapping[str, list[str]],
    body: dict[str, Any],
    media: bytes | None = None,
) -> Call:
    """A call that Google's definition allows, and the caller's token."""
    if matched.id not in METHODS:
        raise not_here(matched.id)
    caller.require(matched)
    params = params_of(matched, query)
    if request := matched.method.get("request"):
        contract().check(request["$ref"], body)
    return Call(params=params, body=body, media=media, sees_metadata_only=caller.sees_metadata_only)


def run(store: Store, pushes: Pushes, caller: Caller, matched: Matched, call: Call) -> Json:
    """The answer of a method; None is none."""
    if matched.id == WATCH:
        _greet(store, pushes, caller, call)
    method = METHODS[matched.id]
    transact = store.write if method.writes else store.read
    answer = transact(caller.address, lambda session: method.run(session, call))
    return answer if answer is None else shown(matched, answer, call.params)


def _greet(store: Store, pushes: Pushes, caller: Caller, call: Call) -> None:
    """A watch begins with a notification, and there is none on a topic that does not take it."""
    topic = watches.topic_of(call)
    latest = store.read(caller.address, lambda session: int(own(session)["latest"]))
    status = pushes.publish(Push(topic=topic, mailbox=caller.address, history_id=latest))
    if status == 200:
        return
    failed = f"Error sending test message to Cloud PubSub {topic} :"
    if status == 404:
        raise ApiError(404, "notFound", f"{failed} Resource not found")
    raise forbidden(f"{failed} User not authorized to perform this action.")
