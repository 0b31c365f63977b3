"""Every method that the server knows, by its id in Google's discovery document."""

from dataclasses import dataclass

from localcloud.gmail import (
    attachments,
    compose,
    history,
    labels,
    mailboxes,
    messages,
    watches,
)
from localcloud.gmail.call import Handler


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What answers a method, and whether it may change anything."""

    run: Handler
    writes: bool


def _reads(run: Handler) -> Method:
    return Method(run=run, writes=False)


def _writes(run: Handler) -> Method:
    return Method(run=run, writes=True)


WATCH = "gmail.users.watch"
METHODS: dict[str, Method] = {
    "gmail.users.getProfile": _reads(mailboxes.get_profile),
    "gmail.users.history.list": _reads(history.list_history),
    "gmail.users.labels.create": _writes(labels.create),
    "gmail.users.labels.delete": _writes(labels.delete),
    "gmail.users.labels.get": _reads(labels.get),
    "gmail.users.labels.list": _reads(labels.list_labels),
    "gmail.users.messages.attachments.get": _reads(attachments.get),
    "gmail.users.messages.batchDelete": _writes(messages.batch_delete),
    "gmail.users.messages.batchModify": _writes(messages.batch_modify),
    "gmail.users.messages.delete": _writes(messages.delete),
    "gmail.users.messages.get": _reads(messages.get),
    "gmail.users.messages.import": _writes(compose.import_),
    "gmail.users.messages.insert": _writes(compose.insert),
    "gmail.users.messages.list": _reads(messages.list_messages),
    "gmail.users.messages.modify": _writes(messages.modify),
    "gmail.users.messages.send": _writes(compose.send),
    "gmail.users.messages.trash": _writes(messages.trash),
    "gmail.users.messages.untrash": _writes(messages.untrash),
    "gmail.users.stop": _writes(watches.stop),
    WATCH: _writes(watches.watch),
}
