"""What a server knows of a method of its API."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Handler = TypeVar("Handler")


@dataclass(frozen=True, slots=True, kw_only=True)
class Method(Generic[Handler]):
    """What answers a method, and whether it may change anything."""

    run: Handler
    writes: bool


def reads(run: Handler) -> Method[Handler]:
    return Method(run=run, writes=False)


def writes(run: Handler) -> Method[Handler]:
    return Method(run=run, writes=True)
