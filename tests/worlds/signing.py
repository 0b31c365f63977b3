"""A signer with a real key: what it signs, everybody can check."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from custody.adapters.signing import LocalSigner


@cache
def memory_signer() -> LocalSigner:
    """Made once a process; its key is in memory alone."""
    with TemporaryDirectory() as folder:
        return LocalSigner.create(Path(folder) / "signing.key")
