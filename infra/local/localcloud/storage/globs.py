"""matchGlob patterns (docs "List objects"): `*` stays within a folder, `**` does not."""

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
        return _translated_class(token[1:-1])
    if token.startswith("{") and len(token) > 1:
        return "(?:" + "|".join(_translated(choice) for choice in token[1:-1].split(",")) + ")"
    return re.escape(token)


def _translated_class(characters: str) -> str:
    negation = "^/" if characters[0] in "!^" else ""
    escaped = re.sub(r"[\\\[\]^&~|]", r"\\\g<0>", characters[1:] if negation else characters)
    return f"[{negation}{escaped}]"
