"""What a Google document says, read from the file that it was imported from."""

import csv
import io
import re
import zipfile
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from localcloud.drive import formats

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def rows(source: bytes, mime_type: str) -> list[list[str]]:
    """The cells of the first sheet."""
    if mime_type == formats.XLSX:
        return _xlsx_rows(source)
    if mime_type == formats.ODS:
        return [[line] for line in _odf_lines(source)]
    delimiter = "\t" if mime_type == formats.TSV else ","
    text = source.decode("utf-8-sig", "replace")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def lines(source: bytes, mime_type: str) -> list[str]:
    """The paragraphs of a text or of a presentation."""
    if mime_type == formats.DOCX:
        return _docx_lines(source)
    if mime_type == formats.PPTX:
        return _pptx_lines(source)
    if mime_type in (formats.ODT, formats.ODP):
        return _odf_lines(source)
    text = source.decode("utf-8-sig", "replace")
    if mime_type == formats.HTML:
        return _html_lines(text)
    if mime_type == formats.RTF:
        text = re.sub(r"\\par\b ?", "\n", text)
        text = re.sub(r"\\[a-z]+-?\d* ?|[{}]", "", text)
    return text.splitlines()


def _xlsx_rows(source: bytes) -> list[list[str]]:
    with zipfile.ZipFile(io.BytesIO(source)) as archive:
        names = set(archive.namelist())
        shared: list[str] = []
        if "xl/sharedStrings.xml" in names:
            strings = _parsed(archive, "xl/sharedStrings.xml")
            shared = ["".join(item.itertext()) for item in strings]
        sheet = _parsed(archive, "xl/worksheets/sheet1.xml")
    return [
        [_cell_text(cell, shared) for cell in row.iter(f"{_SHEET}c")]
        for row in sheet.iter(f"{_SHEET}row")
    ]


def _cell_text(cell: ET.Element, shared: list[str]) -> str:
    kind, value = cell.get("t"), cell.findtext(f"{_SHEET}v") or ""
    if kind == "s":
        return shared[int(value)]
    return "".join(cell.itertext()) if kind == "inlineStr" else value


def _docx_lines(source: bytes) -> list[str]:
    root = _xml(source, "word/document.xml")
    return ["".join(each.itertext()) for each in root.iter(f"{_WORD}p")]


def _pptx_lines(source: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(source)) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("ppt/slides/slide"))
        slides = [_parsed(archive, name) for name in names]
    return [text for slide in slides for text in slide.itertext() if text.strip()]


def _odf_lines(source: bytes) -> list[str]:
    root = _xml(source, "content.xml")
    return ["".join(each.itertext()) for each in root.iter(f"{_TEXT}p")]


def _xml(source: bytes, name: str) -> ET.Element:
    with zipfile.ZipFile(io.BytesIO(source)) as archive:
        return _parsed(archive, name)


def _parsed(archive: zipfile.ZipFile, name: str) -> ET.Element:
    # Only who runs this server sends it files.
    return ET.fromstring(archive.read(name))  # noqa: S314


class _Lines(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.found.append(data.strip())


def _html_lines(text: str) -> list[str]:
    parser = _Lines()
    parser.feed(text)
    return parser.found
