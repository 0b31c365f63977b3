"""Terraform's own checks, for real: fmt, validate, test and plan, without a cloud."""

import re
from pathlib import Path
from typing import Any

from infra import terraform as runs
from infra import toolbox
from infra.terraform import Terraform, resources

PIN = re.compile(r'source\s+= "hashicorp/google"\s+version = "~> ([\d.]+)"')


def test_the_files_are_formatted(ours: Terraform) -> None:
    unformatted = ours.run("fmt", "-check", "-recursive", str(toolbox.INFRA)).stdout.split()
    assert unformatted == []


def test_the_configuration_is_valid(ours: Terraform) -> None:
    assert ours.diagnostics() == []


def test_variables_refuse_what_cannot_be(ours: Terraform) -> None:
    said = ours.must("test")
    assert "7 passed, 0 failed" in said


def test_it_is_checked_against_the_version_that_it_asks_for() -> None:
    asked = PIN.search((toolbox.INFRA / "versions.tf").read_text())
    assert asked
    major, minor = asked[1].split(".")
    version = toolbox.provider_version().split(".")
    assert version[0] == major
    assert int(version[1]) >= int(minor)


def test_a_first_plan_needs_nothing_that_the_cloud_has_yet_to_tell(
    at_hand: None, plan: dict[str, Any], tmp_path: Path
) -> None:
    """No `for_each` and no `count` hangs on what is known after an apply."""
    with runs.stub() as environment:
        first = runs.copied(tmp_path / "gcp", environment).plan()
    addresses = [[one.address for one in resources(found)] for found in (first, plan)]
    assert addresses[0] == addresses[1]


def test_no_branch_is_left_out(ours: Terraform) -> None:
    """A dynamic block that is never taken is never looked into."""
    without, locked = ours.plan(billing_account=None), ours.plan(cmek=True, audit_locked=True)
    kinds = {one.type for one in resources(without)} ^ {one.type for one in resources(locked)}
    assert kinds == {"google_billing_budget"}
    buckets = [one.values for one in resources(locked) if one.type == "google_storage_bucket"]
    assert all(one["encryption"][0]["default_kms_key_name"] for one in buckets)
    retained = [one["retention_policy"][0] for one in buckets if one["retention_policy"]]
    assert [one["is_locked"] for one in retained] == [True]


def test_no_file_names_a_registry_or_a_machine() -> None:
    for path in toolbox.INFRA.rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert not re.search(r"\bregistry\.|\bpypi\.", text), path
            assert str(Path.home()) not in text, path
            assert path.name != ".terraform.lock.hcl"
