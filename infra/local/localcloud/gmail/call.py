"""What a method of the API gets and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from localcloud.gmail.session import Session
from localcloud.schema import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: checked parameters and body, and the message that came beside it."""

    params: dict[str, Any]
    body: dict[str, Any] = field(default_factory=dict)
    media: bytes | None = None
    sees_metadata_only: bool = False


Handler: TypeAlias = Callable[[Session, Call], Json]
