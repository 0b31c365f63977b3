"""Google documents in the formats that people ask for."""

import base64
import csv
import html
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

from localcloud.drive import documents, formats, ooxml
from localcloud.drive.model import Revision
from localcloud.drive.refusals import bad_request

_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4//8/AwAI/AL+hc2rNAAAAABJRU5E"
    "rkJggg=="
)
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_ZIPPED = frozenset(
    {formats.DOCX, formats.XLSX, formats.PPTX, formats.ODT, formats.ODS, formats.ODP, formats.ZIP}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """What there is to be written: cells of a sheet, and the same as lines."""

    rows: list[list[str]]
    lines: list[str]
    made: datetime


def export(
    kind: str, revision: Revision | None, source: bytes, mime_type: str, made: datetime
) -> bytes:
    """A document of a kind in a format; the dates in Office formats differ from call to call."""
    document = _read(kind, revision, source, made)
    return _WRITERS[mime_type](document)


def check_import(kind: str, source: bytes, mime_type: str) -> None:
    """Refuses a file that is not what its type says."""
    try:
        read = documents.rows if kind == formats.SPREADSHEET else documents.lines
        read(source, mime_type)
    except (zipfile.BadZipFile, KeyError, ET.ParseError, csv.Error, IndexError) as error:
        raise bad_request("The file cannot be converted: it is damaged.") from error


def padded(data: bytes, mime_type: str, size: int) -> bytes:
    """An export made as large as a test wants it."""
    if mime_type in _ZIPPED:
        return ooxml.padded(data, size)
    return data + b"\n" * max(size - len(data), 0)


def _read(kind: str, revision: Revision | None, source: bytes, made: datetime) -> _Document:
    if revision is None:  # never had content: an empty document
        return _Document(rows=[], lines=[], made=made)
    if kind == formats.SPREADSHEET:
        rows = documents.rows(source, revision.mime_type)
        return _Document(rows=rows, lines=["\t".join(row) for row in rows], made=made)
    lines = documents.lines(source, revision.mime_type)
    return _Document(rows=[[line] for line in lines], lines=lines, made=made)


def _separated(delimiter: str) -> Callable[[_Document], bytes]:
    def write(document: _Document) -> bytes:
        buffer = io.StringIO(newline="")
        csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n").writerows(document.rows)
        return buffer.getvalue().encode().removesuffix(b"\r\n")

    return write


def _text(document: _Document) -> bytes:
    # Google's plain text starts with a byte order mark and ends its lines as Windows does.
    return "\r\n".join(document.lines).encode("utf-8-sig")


def _markdown(document: _Document) -> bytes:
    return "\n\n".join(document.lines).encode()


def _page(document: _Document) -> str:
    body = "".join(f"<p>{html.escape(line)}</p>" for line in document.lines)
    return f"<html><head><meta charset='utf-8'></head><body>{body}</body></html>"


def _rtf(document: _Document) -> bytes:
    lines = (line.replace("\\", r"\\").replace("{", r"\{") for line in document.lines)
    body = "\\par\n".join(line.replace("}", r"\}") for line in lines)
    return f"{{\\rtf1\\ansi {body}}}".encode("ascii", "replace")


def _odf(mime_type: str, element: str) -> Callable[[_Document], bytes]:
    def write(document: _Document) -> bytes:
        lines = "".join(f"<text:p>{html.escape(line)}</text:p>" for line in document.lines)
        content = (
            f'<office:document-content xmlns:office="{_ODF}:office:1.0"'
            f' xmlns:text="{_ODF}:text:1.0"><office:body><office:{element}>{lines}'
            f"</office:{element}></office:body></office:document-content>"
        )
        return ooxml.zipped({"mimetype": mime_type, "content.xml": content})

    return write


def _pdf(document: _Document) -> bytes:
    """One page; readers that want no cross-reference table take it."""
    texts = " T* ".join(_shown(line) for line in document.lines)
    stream = f"BT /F1 10 Tf 40 800 Td 12 TL {texts} ET".encode("latin-1", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    return _pdf_file(objects)


def _shown(line: str) -> str:
    escaped = re.sub(r"([()\\])", r"\\\1", line)
    return f"({escaped}) Tj"


def _pdf_file(objects: tuple[bytes, ...]) -> bytes:
    file, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return file + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, len(file))
    )


def _svg(document: _Document) -> bytes:
    text = html.escape(" ".join(document.lines))
    return f'<svg xmlns="http://www.w3.org/2000/svg"><text>{text}</text></svg>'.encode()


_WRITERS: dict[str, Callable[[_Document], bytes]] = {
    formats.XLSX: lambda document: ooxml.xlsx(document.rows, document.made),
    formats.DOCX: lambda document: ooxml.docx(document.lines, document.made),
    formats.PPTX: lambda document: ooxml.pptx(document.lines, document.made),
    formats.ODS: _odf(formats.ODS, "spreadsheet"),
    formats.ODT: _odf(formats.ODT, "text"),
    formats.ODP: _odf(formats.ODP, "presentation"),
    formats.CSV: _separated(","),
    formats.TSV: _separated("\t"),
    formats.TEXT: _text,
    formats.MARKDOWN: _markdown,
    formats.HTML: lambda document: _page(document).encode(),
    formats.ZIP: lambda document: ooxml.zipped({"document.html": _page(document)}),
    formats.EPUB: lambda document: ooxml.zipped(
        {"mimetype": formats.EPUB, "document.xhtml": _page(document)}
    ),
    formats.RTF: _rtf,
    formats.PDF: _pdf,
    formats.PNG: lambda _: _PIXEL,
    formats.SVG: _svg,
}
