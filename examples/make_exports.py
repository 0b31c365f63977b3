"""Writes the synthetic exports of two fictional customers; every run gives the same bytes.

Usage, in the repository's root: python -m examples.make_exports [FOLDER]
"""

import sys
from pathlib import Path

from examples.synthetic import hubspot, mixpanel, salesforce, stripe, zendesk
from examples.synthetic.market import make_market

EXPORTS = Path(__file__).parent / "exports"


def make_exports() -> dict[str, bytes]:
    """The content of every file by its path; the second day's stand under `changes/`."""
    acorn = make_market("acorn", first_client=0)
    birch = make_market("birch", first_client=len(acorn.clients))
    return {
        **hubspot.export(acorn),
        **stripe.export(acorn),
        **zendesk.export(acorn),
        **hubspot.export(birch),
        **mixpanel.export(birch),
        **salesforce.export(birch),
    }


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


if __name__ == "__main__":
    write_files(Path(sys.argv[1]) if len(sys.argv) > 1 else EXPORTS, make_exports())
