"""What the pages for operators say can be done, and leads where they say."""

import re
from pathlib import Path

import click
import pytest

from custody.cli import custody
from infra.terraform import SAMPLES
from infra.toolbox import GCP, MODULES, ROOT, Module, types_in

DOCS = ROOT / "docs"
PAGES = [DOCS / f"{name}.md" for name in ("cost", "deploy", "iam", "runbook", "threat-model")]
COMMAND = re.compile(r"`custody ([a-z-]+)(?: ([a-z-]+))?")
LINK = re.compile(r"\]\(([\w./-]*)(?:#([\w-]+))?\)")
APIS = {
    "artifact_registry": "artifactregistry",
    "billing_budget": "billingbudgets",
    "cloud_run": "run",
    "cloud_scheduler": "cloudscheduler",
    "cloudfunctions2": "cloudfunctions",
    "kms": "cloudkms",
    "logging": "logging",
    "monitoring": "monitoring",
    "project": "cloudresourcemanager",
    "pubsub": "pubsub",
    "secret_manager": "secretmanager",
    "service_account": "iam",
    "storage": "storage",
}
"""What has to be enabled for a resource, by how its type begins."""
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


def test_whoever_deploys_enables_every_api_that_is_called() -> None:
    page = (DOCS / "deploy.md").read_text()
    for kind in types_in(GCP.text):
        name = kind.removeprefix("data.").removeprefix("google_")
        apis = [api for prefix, api in APIS.items() if name.startswith(prefix)]
        assert apis, f"nobody says which API makes a {kind}"
        assert all(f"{api}.googleapis.com" in page for api in apis), kind


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_whoever_deploys_is_told_every_variable_that_must_be_set(module: Module) -> None:
    variables = REQUIRED.findall((module.folder / "variables.tf").read_text())
    required = {name for name, body in variables if "default" not in body}
    page = (DOCS / "deploy.md").read_text()
    assert {
        name for name in required if not re.search(rf"^   {name} += ", page, re.MULTILINE)
    } == set()
    assert required <= SAMPLES[module].keys()
