"""Partial responses: the `fields` parameter, such as `items(id,owners/name),nextPageToken`."""

import re
from functools import lru_cache
from typing import Any

from localcloud.errors import ApiError

# A mask maps each wanted field to the mask of what is wanted inside; empty means all of it.
Mask = dict[str, Any]
_TOKEN = re.compile(r"[\w.$-]+|[*(),/]")


@lru_cache(1024)
def parse_mask(text: str) -> Mask:
    """The mask that `text` spells; 400 where it spells none."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text.replace(" ", "") or not tokens:
        raise _invalid(text)
    return _Parser(text, tokens).fields()


class _Parser:
    def __init__(self, text: str, tokens: list[str]) -> None:
        self._text = text
        self._tokens = tokens

    def fields(self) -> Mask:
        mask = self._list()
        if self._tokens:
            raise _invalid(self._text)
        return mask

    def _list(self) -> Mask:
        mask: Mask = {}
        while True:
            name = self._name()
            _merge(mask, {name: self._inside()})
            if not self._skip(","):
                return mask

    def _inside(self) -> Mask:
        if self._skip("/"):
            return {self._name(): self._inside()}
        if not self._skip("("):
            return {}
        mask = self._list()
        if not self._skip(")"):
            raise _invalid(self._text)
        return mask

    def _name(self) -> str:
        if not self._tokens or self._tokens[0] in "(),/":
            raise _invalid(self._text)
        return self._tokens.pop(0)

    def _skip(self, token: str) -> bool:
        if not self._tokens or self._tokens[0] != token:
            return False
        self._tokens.pop(0)
        return True


def _merge(mask: Mask, more: Mask) -> None:
    for name, inside in more.items():
        if name in mask and mask[name] and inside:
            _merge(mask[name], inside)
        elif name not in mask or mask[name]:
            mask[name] = inside


def _invalid(text: str) -> ApiError:
    return ApiError(400, "invalidParameter", f"Invalid field selection {text}", "fields")
