"""One call of a method, as the routes hand it to the code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from localcloud.storage.model import Bucket, Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Checked against the discovery document already."""

    params: Mapping[str, Any]
    body: Mapping[str, Any]
    headers: Mapping[str, str]  # names in lower case


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """The answer of a download: an open file, which stays readable when its object goes."""

    bucket: Bucket
    generation: Generation
    file: BinaryIO
