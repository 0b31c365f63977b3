"""The arguments and blocks of a Terraform file, so that each can be misspelled."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

BLOCK = re.compile(r'^\s*(?P<name>\w+)(?P<labels>(?: "[^"]+")*) \{(?P<end>\}?)$')
ARGUMENT = re.compile(r"^\s*(?P<name>\w+)\s+= ")
OPENING = re.compile(r"[{(\[]\s*$|<<-?\w+$")
CLOSING = re.compile(r"^\s*[})\]]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One argument, or the name of one block, in its line."""

    file: str
    line: int
    name: str
    kind: str
    """The top-level block that it stands in, and whether it is a block itself."""

    def misspelled_in(self, lines: list[str]) -> None:
        before, after = lines[self.line].split(self.name, 1)
        lines[self.line] = f"{before}{self.name}x{after}"


def words(file: str, text: str) -> Iterator[Word]:
    """Every argument and every inner block. What stands in a value is no argument."""
    open_blocks: list[str] = []
    depth_of_value = 0
    for number, line in enumerate(text.splitlines()):
        block, argument = BLOCK.match(line), ARGUMENT.match(line)
        if depth_of_value:
            depth_of_value += bool(OPENING.search(line)) - bool(CLOSING.match(line))
        elif block:
            if open_blocks and block["name"] not in ("content", "run"):
                kind = f"block of {open_blocks[0]}"
                yield Word(file=file, line=number, name=block["name"], kind=kind)
            if not block["end"]:
                open_blocks.append(block["name"])
        elif argument:
            if open_blocks != ["locals"]:
                kind = f"argument of {open_blocks[0]}"
                yield Word(file=file, line=number, name=argument["name"], kind=kind)
            depth_of_value = int(bool(OPENING.search(line)))
        elif CLOSING.match(line):
            open_blocks.pop()
