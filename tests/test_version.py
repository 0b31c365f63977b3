"""One version, said in two places: for whoever installs custody, and in every receipt."""

import tomllib
from pathlib import Path

import custody

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def test_the_software_calls_itself_what_was_packaged() -> None:
    """A receipt names the version, so that the software that made it can be examined."""
    assert tomllib.loads(PYPROJECT.read_text())["project"]["version"] == custody.VERSION
