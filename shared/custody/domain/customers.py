"""Names that people give, made into names that machines can keep."""

import re
import unicodedata

from custody.domain.vault import Source
from custody.errors import RefusedError


def slug_of(name: str) -> str:
    """NFKC, casefolded; what is no letter, mark or digit becomes `-`. RefusedError for nothing."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    kept = "".join(one if unicodedata.category(one)[0] in "LMN" else " " for one in folded)
    slug = "-".join(kept.split())
    if not slug:
        raise RefusedError("a customer's name needs at least one letter or digit: choose another")
    return slug


def source_of(text: str) -> Source:
    """A source as people write it. Raises RefusedError for what is no slug."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text) or len(text) > 63:
        raise RefusedError(
            f"{text!r} is not the name of a source: use lower-case letters, digits and single '-', "
            "63 characters at most, for example 'hubspot'"
        )
    return Source(text)
