"""The wire form of events: CloudEvents attributes on Pub/Sub messages, decoded once, here.

Delivery is Pub/Sub's wrapped push (T30), decoded by ourselves so that a message without data is
ours to judge. CloudEvents: spec v1.0, Pub/Sub protocol binding, attributes prefixed with `ce-`.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar, assert_never
from uuid import UUID

import msgspec

from custody.domain.drive import CORPORA, Corpus
from custody.domain.erasure import Copy, ErasureId, PlanId, Reason, Scope
from custody.domain.events import (
    DeletionRequested,
    DriveTouched,
    ErasureStep,
    Event,
    FilesTouched,
    TimerRang,
    VersionStored,
)
from custody.domain.vault import CustomerId, FileId, HoldingEpoch, ObjectName, Source
from custody.errors import MalformedEventError

T = TypeVar("T")
MAX_FILES = 1000
"""More file ids than this in one message are not ours; we send 50."""
MAX_SOURCES = 1000
EXTENSION = "custody.datasmash.app"


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


class _ErasureStep(msgspec.Struct):
    erasure: _Name
    source: _Name
    epoch: Annotated[int, msgspec.Meta(ge=0)]
    copy: Copy
    page: Annotated[int, msgspec.Meta(ge=0)] | None


_CustomerId = Annotated[str, msgspec.Meta(pattern=r"^c-[a-z0-9]+\Z", max_length=64)]
_PlanId = Annotated[str, msgspec.Meta(pattern=r"^p-[0-9a-f]{20}\Z")]
_PersonId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+\Z", max_length=64)]
"""No name and no address: what is asked stays in the ledger."""


class _Identity(msgspec.Struct):
    identity_type: Literal["controller_customer_id"]
    identity_value: _CustomerId
    identity_format: Literal["raw"]


class _Extension(msgspec.Struct):
    scope: Scope
    reason: Reason
    sources: Annotated[list[_Name], msgspec.Meta(max_length=MAX_SOURCES)] = []
    plan: _PlanId | None = None
    requested_by: _PersonId | None = None


class _DeletionRequest(msgspec.Struct):
    """OpenDSR 2.0, "Data Subject Request", with our extension."""

    regulation: _Name
    subject_request_id: UUID
    subject_request_type: Literal["erasure"]
    submitted_time: Annotated[datetime, msgspec.Meta(tz=True)]
    subject_identities: Annotated[list[_Identity], msgspec.Meta(min_length=1, max_length=1)]
    extensions: dict[str, msgspec.Raw]
    api_version: Literal["2.0"] = "2.0"


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


def erasure_step(pushed: Delivery) -> ErasureStep:
    wire = _decode(pushed.data, _ErasureStep, "erasure-tasks")
    return ErasureStep(
        erasure=ErasureId(wire.erasure),
        source=Source(wire.source),
        epoch=wire.epoch,
        copy=wire.copy,
        page=wire.page,
    )


def deletion_requested(pushed: Delivery) -> DeletionRequested:
    """A public request, whole or not at all. No word of it goes into an error."""
    wire = _decode(pushed.data, _DeletionRequest, "deletion-requests")
    if EXTENSION not in wire.extensions:
        raise MalformedEventError(
            f"not deletion-requests: the extension {EXTENSION} is missing; publish it anew"
        )
    ours = _decode(bytes(wire.extensions[EXTENSION]), _Extension, "deletion-requests' extension")
    _require_whole(ours)
    return DeletionRequested(
        request_id=str(wire.subject_request_id),
        customer=CustomerId(wire.subject_identities[0].identity_value),
        scope=ours.scope,
        sources=tuple(sorted({Source(one) for one in ours.sources})),
        reason=ours.reason,
        submitted_at=wire.submitted_time,
        plan=PlanId(ours.plan) if ours.plan else None,
        requested_by=ours.requested_by,
    )


def _require_whole(ours: _Extension) -> None:
    """What the shape cannot say: which of the fields go together."""
    if ours.scope is Scope.SOURCES and not ours.sources:
        raise MalformedEventError("the scope 'sources' names at least one source: publish it anew")
    if ours.scope is Scope.ALL and ours.sources:
        raise MalformedEventError("the scope 'all' names no sources: publish it anew")
    if ours.reason is Reason.TERMINATION and ours.scope is not Scope.ALL:
        raise MalformedEventError("a termination is of scope 'all': publish it anew")


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
    if isinstance(event, DeletionRequested):
        return Message(topic=topic, data=data, attributes={})  # public: plain JSON
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
        case ErasureStep():
            return f"erasure-tasks-{event.copy.value}", _step(event)
        case DeletionRequested():
            return "deletion-requests", _request(event)
        case _:
            assert_never(event)


def _step(event: ErasureStep) -> _ErasureStep:
    return _ErasureStep(
        erasure=event.erasure,
        source=event.source,
        epoch=event.epoch,
        copy=event.copy,
        page=event.page,
    )


def _request(event: DeletionRequested) -> _DeletionRequest:
    ours = _Extension(
        scope=event.scope,
        reason=event.reason,
        sources=list(event.sources),
        plan=event.plan,
        requested_by=event.requested_by,
    )
    who = _Identity(
        identity_type="controller_customer_id", identity_value=event.customer, identity_format="raw"
    )
    return _DeletionRequest(
        regulation="gdpr",
        subject_request_id=UUID(event.request_id),
        subject_request_type="erasure",
        submitted_time=event.submitted_at,
        subject_identities=[who],
        extensions={EXTENSION: msgspec.Raw(msgspec.json.encode(ours))},
    )


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


_MISSING = re.compile(r"Object missing required field (`\w+`)")


def _cause(error: Exception) -> str:
    """Where the shape breaks, never what the message said: that may be personal."""
    if not isinstance(error, msgspec.ValidationError):
        return "the data is no JSON"
    said = str(error)
    place = said.rpartition(" - at ")[2] if " - at " in said else "`$`"
    if missing := _MISSING.match(said):
        return f"the field {missing[1]} is missing at {place}"
    return f"the field at {place} is not what it should be"
