"""infra/aws: what must hold of its plan, that each policy bites, and that infra/gcp knows names."""

import re
from typing import Any

import pytest

from infra import offsite as policies
from infra.deployed import AT_AMAZON
from infra.grants import Grant, written_down
from infra.mutants import Mutant, require_refused
from infra.offsite import BUCKETS, ON_CONDITION, POLICIES, of, rights
from infra.policies import Policy
from infra.terraform import OFFSITE_SAMPLE, SAMPLE, Resource, Terraform, resources
from infra.toolbox import ROOT

PAGE = (ROOT / "docs" / "iam.md").read_text().partition("## At Amazon")[2]
NAMES = [policy.__name__ for policy in POLICIES]
MUTANTS = (
    Mutant(
        policy=policies.buckets_are_closed,
        fault="could be made public",
        file="buckets.tf",
        old="restrict_public_buckets = true",
        new="restrict_public_buckets = false",
    ),
    Mutant(
        policy=policies.every_bucket_has_all_settings,
        fault="keysets'] have no ownership_controls",
        file="buckets.tf",
        old='"aws_s3_bucket_ownership_controls" "this" {\n  for_each = local.buckets',
        new='"aws_s3_bucket_ownership_controls" "this" {\n  for_each = { versions = {} }',
    ),
    Mutant(
        policy=policies.no_content_is_lost_by_a_name,
        fault="versioning is Suspended",
        file="buckets.tf",
        old='status = "Enabled"\n  }\n}',
        new='status = "Suspended"\n  }\n}',
    ),
    Mutant(
        policy=policies.nothing_goes_by_itself,
        fault="'noncurrent_version_expiration'",
        file="buckets.tf",
        old="    filter {}",
        new="    filter {}\n    noncurrent_version_expiration {\n      noncurrent_days = 30\n    }",
    ),
    Mutant(
        policy=policies.keysets_are_never_locked,
        fault="can lock keysets",
        file="buckets.tf",
        old="keysets  = { can_lock = false }",
        new="keysets  = { can_lock = true }",
    ),
    Mutant(
        policy=policies.nobody_comes_in_the_clear,
        fault="lets in whoever comes unencrypted",
        file="buckets.tf",
        old='[aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]',
        new="[aws_s3_bucket.this[each.key].arn]",
    ),
    Mutant(
        policy=policies.nobody_writes_over,
        fault="lets objects be written over",
        file="buckets.tf",
        old='Null = { "s3:if-none-match" = "true" }',
        new='Null = { "s3:if-none-match" = "false" }',
    ),
    Mutant(
        policy=policies.no_key_of_an_identity_exists,
        fault="aws_iam_access_key.k",
        file="outputs.tf",
        old='output "buckets" {',
        new='resource "aws_iam_access_key" "k" {\n  user = "u"\n}\n\noutput "buckets" {',
    ),
    Mutant(
        policy=policies.a_role_trusts_one_identity_for_itself,
        fault="trusts somebody else",
        file="iam.tf",
        old='"accounts.google.com:oaud" = "arn:aws:iam::${var.account}:role/${each.value}"',
        new='"accounts.google.com:oaud" = "custody"',
    ),
    Mutant(
        policy=policies.rights_are_weighed,
        fault="nobody weighed what s3:BypassGovernanceRetention gives to operators",
        file="iam.tf",
        old='see_locks = ["s3:GetObjectRetention",',
        new='see_locks = ["s3:BypassGovernanceRetention", "s3:GetObjectRetention",',
    ),
    Mutant(
        policy=policies.one_identity_deletes,
        fault="erase_offsite deletes keysets *.destroyed",
        file="iam.tf",
        old='names = local.marks, calls = ["s3:PutObject"]',
        new='names = local.marks, calls = ["s3:PutObject", "s3:DeleteObjectVersion"]',
    ),
    Mutant(
        policy=policies.nobody_reads_keysets_and_deletes,
        fault="erase_offsite reads keysets",
        file="iam.tf",
        old='take_away = ["s3:DeleteObjectVersion",',
        new='take_away = ["s3:GetObject", "s3:DeleteObjectVersion",',
    ),
    Mutant(
        policy=policies.who_has_no_keys_sees_no_keysets,
        fault="replicate may s3:ListBucket in bucket keysets",
        file="iam.tf",
        old='replicate     = { versions = ["s3:ListBucket"] }',
        new='replicate     = { versions = ["s3:ListBucket"], keysets = ["s3:ListBucket"] }',
    ),
    Mutant(
        policy=policies.keysets_are_made_by_people,
        fault="drill makes keysets *.keyset",
        file="iam.tf",
        old='names = ["*.keyset"], calls = ["s3:GetObject"]',
        new='names = ["*.keyset"], calls = ["s3:GetObject", "s3:PutObject"]',
    ),
    Mutant(
        policy=policies.locks_are_as_promised,
        fault="replicate locks for None days",
        file="iam.tf",
        old='calls = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]',
        new='calls = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", '
        '"s3:PutObjectRetention"]',
    ),
)


@pytest.mark.parametrize("policy", POLICIES, ids=NAMES)
def test_the_plan_holds(policy: Policy, planned_offsite: list[Resource]) -> None:
    assert list(policy(planned_offsite)) == []


@pytest.mark.parametrize("policy", POLICIES, ids=NAMES)
def test_a_plan_with_a_lock_holds(policy: Policy, planned_locked: list[Resource]) -> None:
    assert list(policy(planned_locked)) == []


@pytest.fixture(scope="module")
def planned_locked(offsite: Terraform) -> list[Resource]:
    return resources(offsite.plan(lock_days=14, lock_mode="COMPLIANCE"))


def test_every_policy_has_its_mutant() -> None:
    assert [mutant.policy for mutant in MUTANTS] == list(POLICIES)


def test_what_somebody_breaks_is_refused(offsite_copy: Terraform) -> None:
    require_refused(offsite_copy, MUTANTS)


# The table.


def test_the_rights_are_those_of_the_table(planned_locked: list[Resource]) -> None:
    """With a lock: it is the one row that a variable adds."""
    held = rights(planned_locked)
    assert len(held) == len(set(held))
    assert set(held) - set(written_down(PAGE)) == set(), "granted, not written down"
    assert set(written_down(PAGE)) - set(held) == set(), "written down, not granted"


def test_without_a_lock_nobody_locks(
    planned_offsite: list[Resource], planned_locked: list[Resource]
) -> None:
    assert set(rights(planned_locked)) - set(rights(planned_offsite)) == {
        Grant("replicate", "s3:PutObjectRetention", f"versions *{ON_CONDITION}")
    }


# The code's own calls.

ADAPTERS = ROOT / "shared" / "custody" / "adapters"
CALL = re.compile(r'client\.(?!get_paginator)([a-z]\w+)|(?:get_paginator|_pages)\("(\w+)"')
ACTIONS = {
    "abort_multipart_upload": {"s3:AbortMultipartUpload"},
    "complete_multipart_upload": {"s3:PutObject"},
    "create_multipart_upload": {"s3:PutObject", "s3:PutObjectRetention"},
    "delete_objects": {"s3:DeleteObjectVersion"},
    "get_bucket_lifecycle_configuration": {"s3:GetLifecycleConfiguration"},
    "get_bucket_replication": {"s3:GetReplicationConfiguration"},
    "get_bucket_versioning": {"s3:GetBucketVersioning"},
    "get_object": {"s3:GetObject"},
    "get_object_legal_hold": {"s3:GetObjectLegalHold"},
    "get_object_lock_configuration": {"s3:GetBucketObjectLockConfiguration"},
    "get_object_retention": {"s3:GetObjectRetention"},
    "head_object": {"s3:GetObject"},
    "list_multipart_uploads": {"s3:ListBucketMultipartUploads"},
    "list_object_versions": {"s3:ListBucketVersions"},
    "list_objects_v2": {"s3:ListBucket"},
    "put_object": {"s3:PutObject", "s3:PutObjectRetention"},
    "upload_part": {"s3:PutObject"},
}
"""The right that each call needs (Amazon S3, "Required permissions for API operations")."""


def needed(code: str) -> set[str]:
    """The rights that some code needs, by the calls that stand in it."""
    called = {first or second for first, second in CALL.findall(code)}
    return {right for call in called for right in ACTIONS[call]}


def held(planned: list[Resource], identity: str) -> set[str]:
    return {one.role for one in rights(planned) if one.identity == identity}


def test_whoever_copies_may_what_its_shelf_calls(planned_locked: list[Resource]) -> None:
    code = (ADAPTERS / "offsite.py").read_text()
    assert held(planned_locked, "replicate") == needed(code.partition("class OffsiteShelf")[2])


def test_whoever_erases_may_what_its_store_and_witness_call(planned_locked: list[Resource]) -> None:
    """Its marks are no locked versions."""
    files = [ADAPTERS / "copies" / name for name in ("offsite.py", "offsite_witness.py")]
    code = "\n".join(path.read_text() for path in files)
    assert held(planned_locked, "erase_offsite") == needed(code) - {"s3:PutObjectRetention"}


def test_nobody_may_what_nothing_calls(planned_locked: list[Resource]) -> None:
    code = "\n".join(path.read_text() for path in ADAPTERS.rglob("offsite*.py"))
    assert {one.role for one in rights(planned_locked)} == needed(code)


# What both sides know beforehand.


@pytest.fixture(scope="module")
def told(planned: list[Resource]) -> dict[str, dict[str, str]]:
    """What the functions at Google are told, by function."""
    functions = [one.values for one in planned if one.type == "google_cloudfunctions2_function"]
    return {
        one["name"].replace("-", "_"): one["service_config"][0]["environment_variables"]
        for one in functions
    }


def test_functions_are_told_the_roles_that_trust_them(
    told: dict[str, dict[str, str]], planned_offsite: list[Resource]
) -> None:
    roles = {one["name"]: one["arn"] for _, one in of(planned_offsite, "iam_role")}
    found = {name: settings.get("CUSTODY_OFFSITE_ROLE") for name, settings in told.items()}
    assert {name: role for name, role in found.items() if role} == {
        name: roles[f"{policies.PREFIX}{name.replace('_', '-')}"] for name in AT_AMAZON
    }
    assert len(roles) == len(AT_AMAZON)


def test_functions_are_told_the_buckets_that_are_made(
    told: dict[str, dict[str, str]], planned_offsite: list[Resource]
) -> None:
    assert {one["bucket"] for _, one in of(planned_offsite, "s3_bucket")} == set(BUCKETS.values())
    for settings in told.values():
        assert settings["CUSTODY_OFFSITE_BUCKET"] == BUCKETS["versions"]
        assert settings["CUSTODY_OFFSITE_KEYS_BUCKET"] == BUCKETS["keysets"]
        assert settings["CUSTODY_OFFSITE_REGION"] == OFFSITE_SAMPLE["region"]


def test_one_root_asks_for_whom_the_other_tells(plan: dict[str, Any]) -> None:
    """The numbers are known after an apply; for whom there is one is known before."""
    unknown = plan["output_changes"]["identities"]["after_unknown"]
    assert unknown.keys() == OFFSITE_SAMPLE["identities"].keys() == AT_AMAZON


def test_both_roots_lock_alike(ours: Terraform, offsite: Terraform) -> None:
    """They refuse the same, and have the same defaults."""
    for name in ("lock_days", "lock_mode"):
        texts = [(one.folder / "variables.tf").read_text() for one in (ours, offsite)]
        defaults = [
            text.partition(f'variable "{name}"')[2].split("default", 1)[1] for text in texts
        ]
        assert defaults[0].splitlines()[0] == defaults[1].splitlines()[0]
    assert "erasure_deadline_days" in ours.refuses(
        lock_days=SAMPLE.get("erasure_deadline_days", 30)
    )
    assert "0 to 29" in offsite.refuses(lock_days=30)


def test_everything_at_amazon_stays_in_the_account_and_region(offsite: Terraform) -> None:
    (provider,) = offsite.plan()["configuration"]["provider_config"].values()
    given = provider["expressions"]
    assert given["region"]["references"] == ["var.region"]
    assert given["allowed_account_ids"]["references"] == ["var.account"]
