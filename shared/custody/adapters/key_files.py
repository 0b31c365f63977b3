"""Files that hold a secret key, on one machine."""

import os
import tempfile
from pathlib import Path

from custody.errors import AlreadyExistsError, MissingKeysetError


def create_key_file(path: Path, text: str) -> None:
    """AlreadyExistsError where there is one: what its key did could not be done again.

    Its mode is 0600. The link makes the file whole or not at all, and never over another one.
    """
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as draft:
        draft.write(text)
        draft.flush()
        os.fsync(draft.fileno())
        try:
            path.hardlink_to(draft.name)
        except FileExistsError as error:
            raise AlreadyExistsError(f"there is a key file {path} already: use it") from error


def read_key_file(path: Path) -> str:
    """MissingKeysetError where there is none."""
    try:
        return path.read_text()
    except FileNotFoundError as error:
        raise MissingKeysetError(f"there is no key file {path}: create or restore it") from error
