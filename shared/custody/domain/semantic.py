"""What an Office export says, apart from what changes by itself."""

import hashlib
import io
import zipfile

_DATED = "docProps/"
"""Where OOXML keeps creation and modification dates (T9)."""


def semantic_hash(data: bytes) -> str:
    """The same for two exports of the same state: sorted ZIP members without the dated ones."""
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in sorted(archive.namelist()):
                if not name.startswith(_DATED):
                    member = hashlib.sha256(archive.read(name)).digest()
                    digest.update(hashlib.sha256(name.encode()).digest() + member)
    except zipfile.BadZipFile:
        return hashlib.sha256(data).hexdigest()
    return digest.hexdigest()
