"""One request to S3 or STS, as it arrived whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request; `url` is as the client wrote it, and names of headers are in small letters."""

    verb: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def bucket(self) -> str:
        return self._path.partition("/")[0]

    @property
    def key(self) -> str:
        return unquote(self._path.partition("/")[2])

    @property
    def is_for_sts(self) -> bool:
        """Actions of STS come as a form to the root, where S3 takes no POST."""
        return self.verb == "POST" and not self._path

    @property
    def _path(self) -> str:
        return urlsplit(self.url).path.removeprefix("/")
