"""The wire form of events: CloudEvents attributes on Pub/Sub messages, decoded once, here.

Delivery is Pub/Sub's wrapped push (T30), decoded by ourselves so that a message without data is
ours to judge. CloudEvents: spec v1.0, Pub/Sub protocol binding, attributes prefixed with `ce-`.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, assert_never

import msgspec

from custody.domain.drive import CORPORA, Corpus
from custody.domain.events import DriveTouched, Event, FilesTouched, TimerRang, VersionStored
from custody.domain.vault import CustomerId, FileId, HoldingEpoch, ObjectName, Source
from custody.errors import MalformedEventError

T = TypeVar("T")
MAX_FILES = 1000
"""More file ids than this in one message are not ours; we send 50."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A Pub/Sub message as it is published."""

    topic: str
    data: bytes
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A Pub/Sub message as it was pushed to us."""

    message_id: str
    subscription: str
    data: bytes
    attributes: dict[str, str]


class _PushedMessage(msgspec.Struct, rename="camel"):
    message_id: str
    data: str = ""
    attributes: dict[str, str] = {}


class _Envelope(msgspec.Struct):
    message: _PushedMessage
    subscription: str = ""


_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class _DriveTouched(msgspec.Struct):
    corpus: _Name


class _Touched(msgspec.Struct):
    customer: _Name
    source: _Name
    epoch: Annotated[int, msgspec.Meta(ge=1)]


class _FilesTouched(_Touched):
    file_ids: Annotated[list[_Name], msgspec.Meta(min_length=1, max_length=MAX_FILES)]


class _VersionStored(_Touched):
    file_id: _Name
    version: _Name


class _TimerRang(msgspec.Struct):
    timer: _Name
    after: str | None = None


def delivery(body: bytes) -> Delivery:
    """The push envelope. Raises MalformedEventError for anything else."""
    envelope = _decode(body, _Envelope, "a Pub/Sub push envelope")
    try:
        data = base64.b64decode(envelope.message.data, validate=True)
    except ValueError as error:
        raise MalformedEventError("the message's data is not base64: publish it anew") from error
    return Delivery(
        message_id=envelope.message.message_id,
        subscription=envelope.subscription,
        data=data,
        attributes=envelope.message.attributes,
    )


def drive_touched(pushed: Delivery) -> DriveTouched:
    corpus = Corpus(_decode(pushed.data, _DriveTouched, "drive-pushes").corpus)
    if corpus not in CORPORA:
        raise MalformedEventError(
            f"drive-pushes names one of {', '.join(CORPORA)}: publish it anew"
        )
    return DriveTouched(corpus=corpus)


def files_touched(pushed: Delivery) -> FilesTouched:
    wire = _decode(pushed.data, _FilesTouched, "files-touched")
    return FilesTouched(life=_life(wire), file_ids=tuple(FileId(one) for one in wire.file_ids))


def version_stored(pushed: Delivery) -> VersionStored:
    wire = _decode(pushed.data, _VersionStored, "versions-stored")
    return VersionStored(
        life=_life(wire), file_id=FileId(wire.file_id), version=ObjectName(wire.version)
    )


def timer_rang(pushed: Delivery) -> TimerRang:
    """The attribute `timer` decides; the data may name where a long run goes on."""
    named = pushed.attributes.get("timer")
    data = pushed.data or msgspec.json.encode({"timer": named})
    wire = _decode(data, _TimerRang, "timers")
    return TimerRang(timer=named or wire.timer, after=wire.after)


def timer(name: str) -> Callable[[Delivery], TimerRang | None]:
    """A decoder for one timer's listener; other timers on the topic are not for it."""

    def decode(pushed: Delivery) -> TimerRang | None:
        rang = timer_rang(pushed)
        return rang if rang.timer == name else None

    return decode


def to_message(event: Event) -> Message:
    """An event's topic, JSON data and attributes; the id follows from the content."""
    topic, wire = _to_wire(event)
    data = msgspec.json.encode(wire)
    attributes = {
        "ce-specversion": "1.0",
        "ce-id": hashlib.sha256(topic.encode() + b"\x00" + data).hexdigest()[:32],
        "ce-source": "//custody",
        "ce-type": f"app.datasmash.custody.{topic}.v1",
        "ce-datacontenttype": "application/json",
    }
    if isinstance(event, TimerRang):
        attributes["timer"] = event.timer
    return Message(topic=topic, data=data, attributes=attributes)


def _to_wire(event: Event) -> tuple[str, msgspec.Struct]:
    match event:
        case DriveTouched():
            return "drive-pushes", _DriveTouched(corpus=event.corpus)
        case FilesTouched(life=life):
            return "files-touched", _FilesTouched(**_of(life), file_ids=list(event.file_ids))
        case VersionStored(life=life):
            stored = _VersionStored(**_of(life), file_id=event.file_id, version=event.version)
            return "versions-stored", stored
        case TimerRang():
            return "timers", _TimerRang(timer=event.timer, after=event.after)
        case _:
            assert_never(event)


def _of(life: HoldingEpoch) -> dict[str, Any]:
    return {"customer": life.customer, "source": life.source, "epoch": life.epoch}


def _life(wire: _Touched) -> HoldingEpoch:
    return HoldingEpoch(
        customer=CustomerId(wire.customer), source=Source(wire.source), epoch=wire.epoch
    )


def _decode(data: bytes, shape: type[T], what: str) -> T:
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEventError(f"not {what}: {_cause(error)}; publish it anew") from error


def _cause(error: Exception) -> str:
    """Where the shape breaks, never what the message said: that may be personal."""
    if isinstance(error, msgspec.ValidationError):
        return "the field at " + str(error).rpartition(" - at ")[2]
    return "the data is no JSON"
