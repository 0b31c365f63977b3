"""matchGlob patterns (docs "List objects", "Filter by glob"): `*` stays in a folder, `**` does not."""

import re
from functools import lru_cache

from localcloud.storage.refusals import invalid

_TOKEN = re.compile(r"\*\*|\*|\?|\[[!^]?[^\]]+\]|\{[^{}]*\}|.", re.DOTALL)
_WILD = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


@lru_cache(256)
def glob_pattern(glob: str) -> re.Pattern[str]:
    """The regular expression that matches the same names."""
    try:
        return re.compile(_translated(glob), re.DOTALL)
    except re.error as error:
        raise invalid(f"Invalid glob pattern: {glob}") from error


def _translated(glob: str) -> str:
    return "".join(_translated_token(token) for token in _TOKEN.findall(glob))


def _translated_token(token: str) -> str:
    if token in _WILD:
        return _WILD[token]
    if token.startswith("[") and len(token) > 1:
        negated = token[1] in "!^"
        characters = token[2:-1] if negated else token[1:-1]
        return f"[{'^/' if negated else ''}{re.sub(r'([\\\\\[\]^&~|])', r'\\\1', characters)}]"
    if token.startswith("{") and len(token) > 1:
        return "(?:" + "|".join(_translated(choice) for choice in token[1:-1].split(",")) + ")"
    return re.escape(token)
