"""The audit trail: streams of entries, each bound to the one before it by a hash.

Whoever changes, removes or inserts an entry breaks the chain behind it. A tail that is cut off
breaks nothing, so every now and then a signed checkpoint says where each stream ended.

What matters is noted before it is done, and what came of it after. Nothing personal is ever noted:
a subject is opaque ids, states and counts.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

Subject = Mapping[str, str | int | bool]
"""What an act is about. The keys are words of ours: plain ASCII."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a stream ends: how many entries it has, and the hash of the last one."""

    number: int
    hash: str
    """sha256 in lower-case hexadecimal of the entry's canonical bytes."""


START = Head(number=0, hash="0" * 64)
"""The head of a stream without entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that is about to be done, or was done; never changed once noted."""

    stream: str
    number: int
    """From 1, without gaps."""
    at: datetime
    act: str
    subject: Subject
    previous: str
    """The hash of the entry before this one, or that of START."""

    @property
    def head(self) -> Head:
        """The head of a stream that ends with this entry."""
        return Head(number=self.number, hash=hashlib.sha256(self.canonical()).hexdigest())

    def canonical(self) -> bytes:
        """The one way to write this entry, which is also how it is stored (RFC 8785).

        For strings, whole numbers that JavaScript can hold, truth values and keys in ASCII, what
        `json` writes sorted and compact is what RFC 8785 asks for.
        """
        claims = {
            "stream": self.stream,
            "number": self.number,
            "at": rfc3339(self.at),
            "act": self.act,
            "subject": dict(self.subject),
            "previous": self.previous,
        }
        return json.dumps(
            claims, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()

    def repeats(self, act: str, subject: Subject) -> bool:
        """Whether noting this now would say what the entry says already: a delivery came twice."""
        return (self.act, dict(self.subject)) == (act, dict(subject))


def following(head: Head, stream: str, act: str, subject: Subject, at: datetime) -> Entry:
    """The entry that comes after this head."""
    return Entry(
        stream=stream,
        number=head.number + 1,
        at=at,
        act=act,
        subject=dict(subject),
        previous=head.hash,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where every stream ended at a moment. It is signed, and so covers all that came before."""

    at: datetime
    heads: Mapping[str, Head]

    @property
    def claims(self) -> dict[str, object]:
        """What is signed."""
        heads = {
            stream: {"number": head.number, "hash": head.hash}
            for stream, head in self.heads.items()
        }
        return {"at": rfc3339(self.at), "heads": heads}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first place at which the trail is not as it was written."""

    stream: str | None
    """None where it is a checkpoint."""
    number: int
    """Of the entry, or of the checkpoint, from 1."""
    reason: str


_MISSING = "it is missing"
_UNCHAINED = "it does not continue the entry before it: one of the two was changed"
_CHANGED = "it is not the entry that once stood there"


def check_chain(stream: str, entries: Iterable[Entry]) -> Broken | None:
    """Where the entries are no chain that begins at START."""
    head = START
    for entry in entries:
        number = head.number + 1
        if (entry.stream, entry.number) != (stream, number):
            return Broken(stream=stream, number=number, reason=_MISSING)
        if entry.previous != head.hash:
            return Broken(stream=stream, number=number, reason=_UNCHAINED)
        head = entry.head
    return None


def check_heads(stream: str, entries: Sequence[Entry], heads: Iterable[Head]) -> Broken | None:
    """Where an entry that once was the last one does not stand any more."""
    for head in sorted(heads, key=lambda head: head.number):
        if head.number > len(entries):
            return Broken(stream=stream, number=len(entries) + 1, reason=_MISSING)
        if entries[head.number - 1].head != head:
            return Broken(stream=stream, number=head.number, reason=_CHANGED)
    return None


def rfc3339(moment: datetime) -> str:
    """In UTC and to the microsecond, so that the order of the words is that of the moments."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
