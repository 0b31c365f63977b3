"""Small Office documents. Each copy says when it was made, as Google's exports do."""

import io
import re
import zipfile
from datetime import datetime
from xml.sax.saxutils import escape

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org"
_RELATIONS = f"{_MAIN}/package/2006/relationships"
_OFFICE = f"{_MAIN}/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def xlsx(rows: list[list[str]], made: datetime) -> bytes:
    """A workbook of one sheet."""
    sheet = f'<worksheet xmlns="{_MAIN}/spreadsheetml/2006/main"><sheetData>'
    for number, row in enumerate(rows, 1):
        cells = (_cell(f"{_column(at)}{number}", text) for at, text in enumerate(row))
        sheet += f'<row r="{number}">{"".join(cells)}</row>'
    sheet += "</sheetData></worksheet>"
    book = (
        f'<workbook xmlns="{_MAIN}/spreadsheetml/2006/main" xmlns:r="{_OFFICE}">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    return _package(
        {
            "xl/workbook.xml": (book, "spreadsheetml.sheet.main"),
            "xl/worksheets/sheet1.xml": (sheet, "spreadsheetml.worksheet"),
        },
        {"xl/_rels/workbook.xml.rels": [("worksheet", "worksheets/sheet1.xml")]},
        made,
    )


def docx(lines: list[str], made: datetime) -> bytes:
    """A text document, a paragraph a line."""
    paragraphs = "".join(
        f'<w:p><w:r><w:t xml:space="preserve">{_escaped(line)}</w:t></w:r></w:p>' for line in lines
    )
    document = (
        f'<w:document xmlns:w="{_MAIN}/wordprocessingml/2006/main">'
        f"<w:body>{paragraphs}</w:body></w:document>"
    )
    parts = {"word/document.xml": (document, "wordprocessingml.document.main")}
    return _package(parts, {}, made)


def pptx(lines: list[str], made: datetime) -> bytes:
    """A presentation of one slide."""
    space = f'xmlns:p="{_MAIN}/presentationml/2006/main" xmlns:a="{_MAIN}/drawingml/2006/main"'
    show = (
        f'<p:presentation {space} xmlns:r="{_OFFICE}">'
        '<p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst></p:presentation>'
    )
    texts = "".join(f"<a:p><a:r><a:t>{_escaped(line)}</a:t></a:r></a:p>" for line in lines)
    slide = (
        f"<p:sld {space}><p:cSld><p:spTree><p:sp><p:txBody>{texts or '<a:p/>'}"
        "</p:txBody></p:sp></p:spTree></p:cSld></p:sld>"
    )
    return _package(
        {
            "ppt/presentation.xml": (show, "presentationml.presentation.main"),
            "ppt/slides/slide1.xml": (slide, "presentationml.slide"),
        },
        {"ppt/_rels/presentation.xml.rels": [("slide", "slides/slide1.xml")]},
        made,
    )


def _cell(place: str, text: str) -> str:
    if _NUMBER.fullmatch(text):
        return f'<c r="{place}"><v>{text}</v></c>'
    kept = f'<t xml:space="preserve">{_escaped(text)}</t>'
    return f'<c r="{place}" t="inlineStr"><is>{kept}</is></c>'


def _escaped(text: str) -> str:
    return escape(_NOT_XML.sub("", text))


def _column(at: int) -> str:
    """0 is A, 26 is AA."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _package(
    parts: dict[str, tuple[str, str]], relations: dict[str, list[tuple[str, str]]], made: datetime
) -> bytes:
    """The parts with their content types, what refers to what, and the date of making."""
    main = next(iter(parts))
    files = {
        "[Content_Types].xml": _content_types(parts),
        "_rels/.rels": _relationships(
            [
                (f"{_OFFICE}/officeDocument", main),
                (f"{_RELATIONS}/metadata/core-properties", "docProps/core.xml"),
            ]
        ),
        "docProps/core.xml": _core(made),
    }
    for name, inner in relations.items():
        targets = [(f"{_OFFICE}/{kind}", target) for kind, target in inner]
        files[name] = _relationships(targets)
    return zipped(files | {name: text for name, (text, _) in parts.items()})


def _content_types(parts: dict[str, tuple[str, str]]) -> str:
    overrides = "".join(
        f'<Override PartName="/{name}" ContentType="{_TYPES}.{kind}+xml"/>'
        for name, (_, kind) in parts.items()
    )
    return (
        f'<Types xmlns="{_MAIN}/package/2006/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/docProps/core.xml"'
        ' ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
        f"{overrides}</Types>"
    )


def _relationships(targets: list[tuple[str, str]]) -> str:
    inner = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_RELATIONS}">{inner}</Relationships>'


def _core(made: datetime) -> str:
    moment = made.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return (
        f'<cp:coreProperties xmlns:cp="{_MAIN}/package/2006/metadata/core-properties"'
        ' xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{moment}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{moment}</dcterms:modified>'
        "</cp:coreProperties>"
    )


def zipped(files: dict[str, str]) -> bytes:
    """An archive that depends on nothing but its files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            data = text if not text.startswith("<") else _HEAD + text
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data)
    return buffer.getvalue()


def padded(archive: bytes, size: int) -> bytes:
    """The same archive, made at least `size` bytes long by a member that means nothing."""
    buffer = io.BytesIO(archive)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as grown:
        missing = max(size - len(archive), 0)
        grown.writestr(zipfile.ZipInfo("docProps/padding.bin", _EPOCH), bytes(missing))
    return buffer.getvalue()
