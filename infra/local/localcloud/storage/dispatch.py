"""From a request line to an answer: matched, checked, run, checked again, cut to its mask."""

from collections.abc import Mapping
from typing import Any

from localcloud.discovery import Matched
from localcloud.storage.call import Call, Media
from localcloud.storage.contract import CLIENT_PARAMETERS, checked_body, contract
from localcloud.storage.refusals import invalid, not_written
from localcloud.storage.routes import METHODS, Answer
from localcloud.storage.store import Store
from localcloud.wire import parse_json

Query = Mapping[str, list[str]]


def call_of(matched: Matched, query: Query, headers: Mapping[str, str], body: bytes) -> Call:
    """A call that Google's definition allows; 400 for any other."""
    refuse_own_keys(headers)
    api = contract()
    params = api.params(matched, query, also=CLIENT_PARAMETERS)
    refuse_managed_keys(params)
    content: dict[str, Any] = {}
    if request := matched.method.get("request"):
        content = checked_body(request["$ref"], parse_json(body))
    return Call(params=params, body=content, headers=headers)


def run(store: Store, matched: Matched, call: Call) -> Answer:
    """Runs a method; the answer fits Google's definition, or it is a bug that shows."""
    method = METHODS.get(matched.id)
    if method is None:
        raise not_written(matched.id)
    store.sweep()
    answer = method(store, call)
    if answer is None or isinstance(answer, Media):
        return answer
    return shown(matched, call, answer)


def shown(matched: Matched, call: Call, answer: dict[str, Any]) -> dict[str, Any]:
    """The part of the answer that the call asks for."""
    api, schema = contract(), matched.method["response"]["$ref"]
    api.check(schema, answer)
    fields = call.params.get("fields")
    if not fields:
        return answer
    selected: dict[str, Any] = api.select(schema, answer, api.mask(fields))
    return selected


def refuse_own_keys(headers: Mapping[str, str]) -> None:
    """Data is never stored in the clear for a client that asks for a key of its own."""
    for name in headers:
        if name.startswith(("x-goog-encryption-", "x-goog-copy-source-encryption-")):
            raise invalid("Customer-supplied encryption keys are not part of the local cloud.")


def refuse_managed_keys(params: Mapping[str, Any]) -> None:
    """There is no Cloud KMS here, and data is never stored as if there were."""
    for name in ("kmsKeyName", "destinationKmsKeyName"):
        if params.get(name):
            raise not_written(f"{name} (customer-managed encryption)")
