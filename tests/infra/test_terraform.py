"""Terraform's own checks, for real: fmt, validate, test and plan, without a cloud."""

import re
from pathlib import Path

import pytest

from infra import terraform as runs
from infra import toolbox
from infra.terraform import ACCOUNT, Resource, Terraform, resources
from infra.toolbox import AWS, GCP, MODULES, Module

VERSIONS = f"custody-prod-{ACCOUNT}-versions"
PIN = re.compile(r'source\s+= "([a-z/]+)"\s+version = "~> ([\d.]+)"')


def test_the_files_are_formatted(each: Terraform) -> None:
    unformatted = each.run("fmt", "-check", "-recursive", str(each.module.folder)).stdout.split()
    assert unformatted == []


def test_the_configuration_is_valid(each: Terraform) -> None:
    assert each.diagnostics() == []


def test_variables_refuse_what_cannot_be(each: Terraform) -> None:
    text = (each.folder / "tests" / "refusals.tftest.hcl").read_text()
    count = len(re.findall('^run "', text, re.MULTILINE))
    assert f"{count} passed, 0 failed" in each.must("test")
    assert count >= 7


def test_it_is_checked_against_the_version_that_it_asks_for(at_hand: None) -> None:
    for module in MODULES:
        ((source, pin),) = PIN.findall((module.folder / "versions.tf").read_text())
        assert source == module.source
        major, minor = pin.split(".")
        version = toolbox.provider_version(module).split(".")
        assert version[0] == major
        assert int(version[1]) >= int(minor)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_first_plan_needs_nothing_that_the_cloud_has_yet_to_tell(
    module: Module, planned: list[Resource], planned_offsite: list[Resource], tmp_path: Path
) -> None:
    """No `for_each` and no `count` hangs on what is known after an apply."""
    known = {GCP: planned, AWS: planned_offsite}[module]
    with runs.stub(module) as environment:
        first = runs.copied(module, tmp_path / module.name, environment).plan()
    assert [one.address for one in resources(first)] == [one.address for one in known]


def test_no_branch_is_left_out(ours: Terraform) -> None:
    """A dynamic block that is never taken is never looked into."""
    without, locked = ours.plan(billing_account=None), ours.plan(cmek=True, audit_locked=True)
    kinds = {one.type for one in resources(without)} ^ {one.type for one in resources(locked)}
    assert kinds == {"google_billing_budget"}
    buckets = [one.values for one in resources(locked) if one.type == "google_storage_bucket"]
    assert all(one["encryption"][0]["default_kms_key_name"] for one in buckets)
    retained = [one["retention_policy"][0] for one in buckets if one["retention_policy"]]
    assert [one["is_locked"] for one in retained] == [True]


def test_no_branch_is_left_out_at_amazon_either(
    offsite: Terraform, planned_offsite: list[Resource]
) -> None:
    """A bucket is made for locks that are asked for, and for those that only may come."""
    assert locked(planned_offsite) == []
    assert locked(resources(offsite.plan(lock_days=7))) == [VERSIONS]
    assert locked(resources(offsite.plan(object_lock=True))) == [VERSIONS]


def locked(planned: list[Resource]) -> list[str]:
    """The buckets that can lock what is stored in them."""
    buckets = [one.values for one in planned if one.type == "aws_s3_bucket"]
    return [one["bucket"] for one in buckets if one["object_lock_enabled"]]


def test_no_file_names_a_registry_or_a_machine() -> None:
    for path in (path for module in MODULES for path in module.folder.rglob("*")):
        if path.is_file():
            text = path.read_text()
            assert not re.search(r"\bregistry\.|\bpypi\.", text), path
            assert str(Path.home()) not in text, path
            assert path.name != ".terraform.lock.hcl"
