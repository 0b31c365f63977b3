"""Identifiers that look like Drive's and can be told from invented ones."""

import base64
import hashlib
import secrets


def new_file_id() -> str:
    """A random id that carries its own check, so that ids of strangers are refused."""
    text = "1" + secrets.token_urlsafe(21)
    return text + _check(text)


def is_generated(file_id: str) -> bool:
    """Whether `new_file_id` made it (Drive takes ids from files.generateIds alone)."""
    return file_id[-4:] == _check(file_id[:-4])


def new_drive_id() -> str:
    return _root(secrets.token_bytes(16))


def root_folder_id(email: str) -> str:
    """The id of a user's My Drive, the same at every start."""
    return _root(hashlib.sha256(email.encode()).digest())


def new_revision_id() -> str:
    return "0B" + secrets.token_urlsafe(36)


def permission_id(grantee: str) -> str:
    """The id of a user's, group's or domain's permissions, on whatever file they are."""
    number = int.from_bytes(hashlib.sha256(grantee.encode()).digest()[:8])
    return f"{number:020d}"


def _root(source: bytes) -> str:
    return "0A" + base64.urlsafe_b64encode(source)[:11].decode() + "Uk9PVA"


def _check(text: str) -> str:
    digest = hashlib.sha256(b"drive file id " + text.encode()).digest()
    return base64.urlsafe_b64encode(digest)[:4].decode()
