"""Rows as the bytes of an export file."""

import csv
import io
import json
import zipfile
from typing import Literal

from examples.synthetic.market import Row

Quoting = Literal[0, 1]  # csv.QUOTE_MINIMAL, csv.QUOTE_ALL
ZIP_TIME = (2026, 3, 2, 6, 0, 0)


def as_csv(rows: list[Row], *, quoting: Quoting = csv.QUOTE_MINIMAL) -> bytes:
    """UTF-8; the keys of the first row are the header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), quoting=quoting, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_json_lines(rows: list[Row]) -> bytes:
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def as_zip(members: dict[str, bytes]) -> bytes:
    """Members are stored, not deflated: releases of zlib deflate to different bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        for name, content in members.items():
            target.writestr(member(name), content)
    return archive.getvalue()


def member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, ZIP_TIME)
    info.create_system = 3  # Unix; the default depends on the machine
    info.external_attr = 0o644 << 16
    return info
