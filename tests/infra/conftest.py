"""Real Terraform where it is installed; elsewhere these tests skip and say how to get it.

Puts the repository itself on the path: the tools are a package of it, installed nowhere.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import terraform as runs
from infra.terraform import Resource, Terraform
from infra.toolbox import AWS, GCP

sys.path.append(str(Path(__file__).parents[2]))

MISSING = (
    "terraform is not installed: get version 1.11 or later from HashiCorp's downloads page or "
    "package repository, and put it on the PATH"
)


@pytest.fixture(scope="session")
def at_hand() -> None:
    if shutil.which("terraform"):
        return
    if os.environ.get("CUSTODY_REQUIRE_TERRAFORM"):
        pytest.fail(MISSING)
    pytest.skip(MISSING)


@pytest.fixture(scope="session")
def known(at_hand: None) -> Iterator[dict[str, str]]:
    """A stub of Google's provider whose plan knows what the cloud would fill in."""
    with runs.stub(GCP, "--known") as environment:
        yield environment


@pytest.fixture(scope="session")
def known_offsite(at_hand: None) -> Iterator[dict[str, str]]:
    """The same of Amazon's."""
    with runs.stub(AWS, "--known") as environment:
        yield environment


@pytest.fixture(scope="session")
def ours(known: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """infra/gcp as it stands. Nobody writes into this copy."""
    return runs.copied(GCP, tmp_path_factory.mktemp("terraform") / "gcp", known)


@pytest.fixture(scope="session")
def offsite(known_offsite: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """infra/aws as it stands. Nobody writes into this copy."""
    return runs.copied(AWS, tmp_path_factory.mktemp("terraform") / "aws", known_offsite)


@pytest.fixture(params=["ours", "offsite"])
def each(request: pytest.FixtureRequest) -> Terraform:
    """Each of the two, one after the other."""
    found: Terraform = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def plan(ours: Terraform) -> dict[str, Any]:
    return ours.plan()


@pytest.fixture(scope="session")
def planned(plan: dict[str, Any]) -> list[Resource]:
    """Everything that there is to be."""
    return runs.resources(plan)


@pytest.fixture(scope="session")
def planned_offsite(offsite: Terraform) -> list[Resource]:
    """Everything that there is to be at Amazon."""
    return runs.resources(offsite.plan())


@pytest.fixture
def copy(known: dict[str, str], tmp_path: Path) -> Terraform:
    """A copy of infra/gcp of its own, to write into."""
    return runs.copied(GCP, tmp_path / "gcp", known)


@pytest.fixture
def offsite_copy(known_offsite: dict[str, str], tmp_path: Path) -> Terraform:
    """A copy of infra/aws of its own, to write into."""
    return runs.copied(AWS, tmp_path / "aws", known_offsite)
