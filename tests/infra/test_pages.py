"""What the pages for operators say can be done, and leads where they say."""

import re
from pathlib import Path

import click
import pytest

from custody.cli import custody
from infra.terraform import SAMPLE
from infra.toolbox import INFRA, ROOT

DOCS = ROOT / "docs"
PAGES = [DOCS / f"{name}.md" for name in ("cost", "deploy", "iam", "runbook", "threat-model")]
COMMAND = re.compile(r"`custody ([a-z-]+)(?: ([a-z-]+))?")
LINK = re.compile(r"\]\(([\w./-]*)(?:#([\w-]+))?\)")
REQUIRED = re.compile(r'^variable "(\w+)" \{\n((?:(?!^\}).*\n)*)', re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_exists(page: Path) -> None:
    context = click.Context(custody)
    for noun, verb in COMMAND.findall(page.read_text()):
        command = custody.get_command(context, noun)
        assert command, noun
        if isinstance(command, click.Group):
            assert command.get_command(context, verb), f"{noun} {verb}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text()):
        target = page.parent / path if path else page
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
        anchors = {heading.lower().replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, f"{path}#{anchor}"


def test_whoever_deploys_is_told_every_variable_that_must_be_set() -> None:
    variables = REQUIRED.findall((INFRA / "variables.tf").read_text())
    required = {name for name, body in variables if "default" not in body}
    page = (DOCS / "deploy.md").read_text()
    assert {
        name for name in required if not re.search(rf"^   {name} += ", page, re.MULTILINE)
    } == set()
    assert required <= SAMPLE.keys()
