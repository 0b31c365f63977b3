"""Which formats Google documents are imported from and exported to.

Source: Drive guides "Export MIME types for Google Workspace documents" and "Manage long-running
operations" (default types).
"""

from localcloud.drive.model import GOOGLE_APPS

DOCUMENT = GOOGLE_APPS + "document"
SPREADSHEET = GOOGLE_APPS + "spreadsheet"
PRESENTATION = GOOGLE_APPS + "presentation"
DRAWING = GOOGLE_APPS + "drawing"
SCRIPT = GOOGLE_APPS + "script"
FORM = GOOGLE_APPS + "form"
SITE = GOOGLE_APPS + "site"
VIDS = GOOGLE_APPS + "vid"

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
SCRIPT_JSON = "application/vnd.google-apps.script+json"
PNG = "image/png"
JPEG = "image/jpeg"
SVG = "image/svg+xml"
MP4 = "video/mp4"

# The first of each is what files.download takes when it is not told.
EXPORTS: dict[str, tuple[str, ...]] = {
    DOCUMENT: (DOCX, ODT, RTF, PDF, TEXT, HTML, ZIP, EPUB, MARKDOWN),
    SPREADSHEET: (XLSX, ODS, PDF, ZIP, CSV, TSV),
    PRESENTATION: (PPTX, ODP, PDF, TEXT, JPEG, PNG, SVG),
    DRAWING: (PNG, PDF, JPEG, SVG),
    SCRIPT: (SCRIPT_JSON,),
}
# What only the long-running download gives.
DOWNLOADS_ONLY: dict[str, tuple[str, ...]] = {FORM: (ZIP,), SITE: ("text/raw",), VIDS: (MP4,)}

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
    SCRIPT_JSON: (SCRIPT,),
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
    SCRIPT_JSON: "json",
    PNG: "png",
    JPEG: "jpeg",
    SVG: "svg",
}
_TYPES = {extension: mime_type for mime_type, extension in _EXTENSIONS.items()}


def extension(mime_type: str) -> str:
    """How an export link names a format."""
    return _EXTENSIONS[mime_type]


def mime_type_of(extension_name: str) -> str | None:
    """The format that an export link names."""
    return _TYPES.get(extension_name)
