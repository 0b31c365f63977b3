"""Which formats Google documents are imported from and exported to.

Source: Drive guides "Export MIME types for Google Workspace documents" and "Manage long-running
operations" (default types). Forms, sites and scripts have no export that the usual scopes allow.
"""

from localcloud.drive.model import GOOGLE_APPS

DOCUMENT = GOOGLE_APPS + "document"
SPREADSHEET = GOOGLE_APPS + "spreadsheet"
PRESENTATION = GOOGLE_APPS + "presentation"
DRAWING = GOOGLE_APPS + "drawing"

_OOXML = "application/vnd.openxmlformats-officedocument."
DOCX = _OOXML + "wordprocessingml.document"
XLSX = _OOXML + "spreadsheetml.sheet"
PPTX = _OOXML + "presentationml.presentation"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"
PDF = "application/pdf"
RTF = "application/rtf"
ZIP = "application/zip"
EPUB = "application/epub+zip"
TEXT = "text/plain"
HTML = "text/html"
MARKDOWN = "text/markdown"
CSV = "text/csv"
TSV = "text/tab-separated-values"
PNG = "image/png"
SVG = "image/svg+xml"

# The first of each is what files.download takes when it is not told.
EXPORTS: dict[str, tuple[str, ...]] = {
    DOCUMENT: (DOCX, ODT, RTF, PDF, TEXT, HTML, ZIP, EPUB, MARKDOWN),
    SPREADSHEET: (XLSX, ODS, PDF, ZIP, CSV, TSV),
    PRESENTATION: (PPTX, ODP, PDF, TEXT, PNG, SVG),
    DRAWING: (PNG, PDF, SVG),
}

IMPORTS: dict[str, tuple[str, ...]] = {
    TEXT: (DOCUMENT,),
    MARKDOWN: (DOCUMENT,),
    HTML: (DOCUMENT,),
    RTF: (DOCUMENT,),
    DOCX: (DOCUMENT,),
    ODT: (DOCUMENT,),
    CSV: (SPREADSHEET,),
    TSV: (SPREADSHEET,),
    XLSX: (SPREADSHEET,),
    ODS: (SPREADSHEET,),
    PPTX: (PRESENTATION,),
    ODP: (PRESENTATION,),
}

_EXTENSIONS = {
    DOCX: "docx",
    XLSX: "xlsx",
    PPTX: "pptx",
    ODT: "odt",
    ODS: "ods",
    ODP: "odp",
    PDF: "pdf",
    RTF: "rtf",
    ZIP: "zip",
    EPUB: "epub",
    TEXT: "txt",
    HTML: "html",
    MARKDOWN: "md",
    CSV: "csv",
    TSV: "tsv",
    PNG: "png",
    SVG: "svg",
}
_TYPES = {extension: mime_type for mime_type, extension in _EXTENSIONS.items()}


def extension(mime_type: str) -> str:
    """How an export link names a format."""
    return _EXTENSIONS[mime_type]


def mime_type_of(extension_name: str) -> str | None:
    """The format that an export link names."""
    return _TYPES.get(extension_name)
