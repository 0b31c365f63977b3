"""Every method that the server knows, by its id in Google's discovery document."""

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
from localcloud.methods import Method, reads, writes

WATCH = "gmail.users.watch"
METHODS: dict[str, Method[Handler]] = {
    "gmail.users.getProfile": reads(mailboxes.get_profile),
    "gmail.users.history.list": reads(history.list_history),
    "gmail.users.labels.create": writes(labels.create),
    "gmail.users.labels.delete": writes(labels.delete),
    "gmail.users.labels.get": reads(labels.get),
    "gmail.users.labels.list": reads(labels.list_labels),
    "gmail.users.messages.attachments.get": reads(attachments.get),
    "gmail.users.messages.batchDelete": writes(messages.batch_delete),
    "gmail.users.messages.batchModify": writes(messages.batch_modify),
    "gmail.users.messages.delete": writes(messages.delete),
    "gmail.users.messages.get": reads(messages.get),
    "gmail.users.messages.import": writes(compose.import_),
    "gmail.users.messages.insert": writes(compose.insert),
    "gmail.users.messages.list": reads(messages.list_messages),
    "gmail.users.messages.modify": writes(messages.modify),
    "gmail.users.messages.send": writes(compose.send),
    "gmail.users.messages.trash": writes(messages.trash),
    "gmail.users.messages.untrash": writes(messages.untrash),
    "gmail.users.stop": writes(watches.stop),
    WATCH: writes(watches.watch),
}
