"""users.watch and users.stop (Gmail guide "Configure push notifications in Gmail API")."""

import json
import re
from datetime import timedelta
from typing import Any

from localcloud.gmail import mailboxes
from localcloud.gmail.call import Call
from localcloud.gmail.refusals import invalid
from localcloud.gmail.session import Session

_TOPIC = re.compile(r"projects/[^/\s]+/topics/[^/\s]+")
_LONGEST = timedelta(days=7)


def topic_of(call: Call) -> str:
    """The topic that a watch names."""
    topic = str(call.body.get("topicName") or "")
    if not _TOPIC.fullmatch(topic):
        raise invalid("Invalid topicName does not match projects/[^/]+/topics/*")
    return topic


def watch(session: Session, call: Call) -> dict[str, Any]:
    """One for each mailbox: a later one takes its place."""
    behavior = call.body.get("labelFilterBehavior") or call.body.get("labelFilterAction")
    expiration = session.milliseconds + _LONGEST // timedelta(milliseconds=1)
    session.run("delete from watches where mailbox = ?", [session.mailbox])
    kept = {
        "mailbox": session.mailbox,
        "topic": topic_of(call),
        "labels": json.dumps(call.body.get("labelIds") or []),
        "behavior": behavior or "include",
        "expiration": expiration,
    }
    session.insert("watches", kept)
    latest = mailboxes.own(session)["latest"]
    return {"historyId": str(latest), "expiration": str(expiration)}


def stop(session: Session, call: Call) -> None:
    del call  # the mailbox is the caller's
    session.run("delete from watches where mailbox = ?", [session.mailbox])


def forget_expired(session: Session) -> None:
    session.run("delete from watches where expiration <= ?", [session.milliseconds])
