"""From a request line to an answer: matched, checked, run, checked again, cut to its mask."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from localcloud.discovery import Matched
from localcloud.drive import files, uploads
from localcloud.drive.call import Answer, Call, Media
from localcloud.drive.content import Received
from localcloud.drive.contract import contract, mask_of, params_of, shown
from localcloud.drive.methods import METHODS
from localcloud.drive.session import Session
from localcloud.drive.store import Store
from localcloud.drive.uploads import Upload
from localcloud.errors import ApiError

# What is checked before the content of an upload comes.
_OPENINGS: dict[str, Callable[[Session, Call], object]] = {
    "drive.files.create": files.check_create,
    "drive.files.update": files.check_update,
}


def call_of(matched: Matched, query: Mapping[str, list[str]], body: dict[str, Any]) -> Call:
    """A call that Google's definition allows; 400 for any other, 501 for what is not here."""
    if matched.id not in METHODS:
        message = f"{matched.id} is not part of the local cloud."
        raise ApiError(501, "notImplemented", message)
    params = params_of(matched, query)
    if request := matched.method.get("request"):
        contract().check(request["$ref"], body)
    return Call(params=params, body=body, mask=mask_of(matched, params))


def run(store: Store, caller: str, matched: Matched, call: Call) -> Answer:
    """Runs a method; content that came with a refused call is thrown away."""
    method = METHODS[matched.id]
    transact = store.write if method.writes else store.read
    with store.guarded(call.received):
        answer = transact(caller, lambda session: method.run(session, call))
    if answer is None or isinstance(answer, Media):
        return answer
    return shown(matched, answer, call.mask)


def check_upload(session: Session, matched: Matched, call: Call) -> None:
    """Refuses an upload at its beginning."""
    _OPENINGS[matched.id](session, call)


def run_upload(
    store: Store, upload: Upload, received: Received, matched: Matched
) -> dict[str, Any]:
    """Runs the method of a complete upload; file and answer are kept in one transaction."""
    mask = mask_of(matched, upload.params)
    call = Call(
        params=upload.params,
        body=upload.body,
        mask=mask,
        received=received,
        content_type=upload.content_type,
    )

    def work(session: Session) -> dict[str, Any]:
        full = cast("dict[str, Any]", METHODS[matched.id].run(session, call))
        answer = shown(matched, full, mask)
        uploads.finish(session, upload, full["id"], answer)
        return answer

    try:
        return store.write(upload.caller, work)
    except ApiError:
        store.write(upload.caller, lambda session: uploads.cancel(session, upload))
        raise
