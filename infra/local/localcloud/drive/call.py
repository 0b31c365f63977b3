"""What a method of the API gets and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from localcloud.drive.content import Received
from localcloud.drive.refusals import required
from localcloud.drive.session import Session
from localcloud.fieldmask import Mask
from localcloud.schema import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: checked parameters and body, and the content that came with it."""

    params: dict[str, Any]
    body: dict[str, Any] = field(default_factory=dict)
    mask: Mask = field(default_factory=dict)  # of the answer; empty asks for everything
    received: Received | None = None
    content_type: str | None = None

    @property
    def all_drives(self) -> bool:
        """Whether the client says that it knows shared drives."""
        return bool(self.params.get("supportsAllDrives") or self.params.get("supportsTeamDrives"))

    @property
    def include_all_drives(self) -> bool:
        name = "includeItemsFromAllDrives"
        return bool(self.params.get(name) or self.params.get("includeTeamDriveItems"))

    @property
    def drive_id(self) -> str | None:
        return self.params.get("driveId") or self.params.get("teamDriveId")

    @property
    def wants_media(self) -> bool:
        return self.params.get("alt") == "media"

    def inner_mask(self, *path: str) -> Mask:
        """What the answer's mask asks of a part of it."""
        mask = self.mask
        for name in path:
            if not mask or "*" in mask:
                return {}
            mask = mask.get(name, {"kind": {}})
        return mask

    def body_text(self, name: str) -> str:
        """A field of the body that must be there."""
        value = self.body.get(name)
        if not value:
            raise required(name)
        return str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """Bytes to be sent: a stored content, or something made for this call."""

    content_type: str
    content: str | None = None
    data: bytes = b""
    size: int = 0
    ranges: bool = True
    file_name: str | None = None


Answer: TypeAlias = Json | Media | None
Handler: TypeAlias = Callable[[Session, Call], Answer]
