"""docs/retention.md says what the code says."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from custody.cli.retention import retention
from custody.domain.disposal import DAMAGE_STANDS_FOR, DAMAGED_AT_ONCE, MANY, NAMES_AT_ONCE
from custody.domain.retention import DEFAULT

PAGE = (Path(__file__).parents[2] / "docs" / "retention.md").read_text()


@pytest.mark.parametrize(("setting", "days"), asdict(DEFAULT).items())
def test_the_default_policy_is_the_one_in_the_table(setting: str, days: int | None) -> None:
    default = f"{days} days" if days else "as long as the contract lasts"
    assert re.search(rf"\| `{setting}` \| {default} \|", PAGE)


def test_the_guards_are_the_ones_on_the_page() -> None:
    assert (MANY, DAMAGED_AT_ONCE, DAMAGE_STANDS_FOR.days) == (100, 10, 2)
    assert f"{NAMES_AT_ONCE:,} names" in PAGE


@pytest.mark.parametrize("line", re.findall(r"^custody retention (.*?) +#", PAGE, re.MULTILINE))
def test_every_command_on_the_page_is_one(line: str) -> None:
    verb, *words = line.split()
    command = retention.commands[verb]
    assert command.make_context(verb, words).params, "its words are understood"
