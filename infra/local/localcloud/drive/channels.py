"""Notification channels: watching a log or a file, and stopping to.

Drive guide "Notifications for resource changes".
"""

import base64
import hashlib
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from localcloud.drive import access, changes, journal
from localcloud.drive.call import Call
from localcloud.drive.pushes import is_local
from localcloud.drive.refusals import bad_request
from localcloud.drive.search import require_shared_drives
from localcloud.drive.session import Session
from localcloud.errors import ApiError

_DEFAULT_SECONDS = 3600
_LONGEST_FOR_CHANGES = 604_800
_LONGEST_FOR_FILES = 86_400
_LONGEST_TOKEN = 256
_ID = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")


def watch_changes(session: Session, call: Call) -> dict[str, Any]:
    if call.drive_id:
        require_shared_drives(call)
    log = changes.log_of(session, call)
    changes.start_of(session, call, log)
    asked = {"pageToken": call.params["pageToken"], "driveId": call.drive_id, "alt": "json"}
    query = urlencode({name: value for name, value in asked.items() if value})
    uri = f"{session.root_url}/drive/v3/changes?{query}"
    channel = _channel(session, call, log, uri, _LONGEST_FOR_CHANGES)
    return _open(session, channel | {"log": log})


def watch_file(session: Session, call: Call) -> dict[str, Any]:
    file = access.get_file(session, call.params["fileId"], all_drives=call.all_drives)
    uri = f"{session.root_url}/drive/v3/files/{file.id}?alt=json"
    channel = _channel(session, call, f"file {file.id}", uri, _LONGEST_FOR_FILES)
    return _open(session, channel | {"file_id": file.id})


def _channel(session: Session, call: Call, resource: str, uri: str, longest: int) -> dict[str, Any]:
    """A new channel from the body of a watch request."""
    token = call.body.get("token")
    if token is not None and len(token) > _LONGEST_TOKEN:
        raise bad_request(f"A channel token has at most {_LONGEST_TOKEN} characters.", "token")
    if call.body_text("type") not in ("web_hook", "webhook"):
        raise bad_request("The channel type must be web_hook.", "type")
    return {
        "id": _new_id(session, call.body_text("id")),
        "creator": session.caller,
        "resource_id": _resource_id(resource),
        "resource_uri": uri,
        "address": _address(call.body_text("address")),
        "token": token,
        "expiration": _expiration(session, call.body.get("expiration"), longest),
        "next_number": 1,
    }


def _new_id(session: Session, channel_id: str) -> str:
    if not _ID.fullmatch(channel_id):
        message = "A channel id has at most 64 characters out of A-Z a-z 0-9 - _ + / =."
        raise ApiError(400, "channelIdInvalid", message)
    if session.row("select 1 from channels where id = ?", [channel_id]):
        raise ApiError(400, "channelIdNotUnique", f"Channel id {channel_id} not unique")
    return channel_id


def _resource_id(resource: str) -> str:
    """The same for every channel on the same thing."""
    digest = hashlib.sha256(resource.encode()).digest()
    return base64.urlsafe_b64encode(digest)[:27].decode()


def _address(address: str) -> str:
    """Drive calls https alone; here plain http on loopback is allowed too."""
    scheme = urlsplit(address).scheme
    if scheme != "https" and not (scheme == "http" and is_local(address)):
        message = f"WebHook callback must be HTTPS: {address}"
        raise ApiError(400, "push.webhookUrlNotHttps", message)
    return address


def _expiration(session: Session, asked: str | int | None, longest: int) -> int:
    """Unix milliseconds; a later moment than allowed is cut, as Drive does."""
    now = session.now.timestamp() * 1000
    if asked is None:
        return int(now) + _DEFAULT_SECONDS * 1000
    if int(asked) <= now:
        raise bad_request("The channel would already have expired.", "expiration")
    return min(int(asked), int(now) + longest * 1000)


def _open(session: Session, channel: dict[str, Any]) -> dict[str, Any]:
    session.insert("channels", channel)
    journal.push(session, channel["id"], "sync", None)
    answer = {
        "kind": "api#channel",
        "id": channel["id"],
        "resourceId": channel["resource_id"],
        "resourceUri": channel["resource_uri"],
        "token": channel["token"],
        "expiration": str(channel["expiration"]),
    }
    return {name: value for name, value in answer.items() if value is not None}


def stop(session: Session, call: Call) -> None:
    """Only the user who opened a channel stops it, and who knows its resource."""
    values = [call.body_text("id"), call.body_text("resourceId"), session.caller]
    stopped = session.run(
        "delete from channels where (id, resource_id, creator) = (?, ?, ?)", values
    )
    if not stopped.rowcount:
        message = f"Channel '{values[0]}' not found for project 'local'"
        raise ApiError(404, "notFound", message)
    session.run("delete from pushes where channel = ?", [values[0]])


def forget_expired(session: Session) -> None:
    """An expired channel is gone, and its id with it."""
    session.run("delete from channels where expiration <= ?", [session.now.timestamp() * 1000])
    session.run("delete from pushes where channel not in (select id from channels)")
