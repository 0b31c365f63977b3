"""docs/iam.md holds every grant, and the plan holds no other."""

import re
from collections import Counter
from typing import Any

from infra.grants import Grant, grants, written_down
from infra.terraform import Resource, Terraform, resources
from infra.toolbox import ROOT

PAGE = (ROOT / "docs" / "iam.md").read_text().partition("## At Amazon")[0]
BUILDER = "google_service_account.builder"


def test_the_grants_are_those_of_the_table(planned: list[Resource]) -> None:
    assert set(grants(planned)) - set(written_down(PAGE)) == set(), "granted, not written down"
    assert set(written_down(PAGE)) - set(grants(planned)) == set(), "written down, not granted"


def test_each_grant_is_written_down_once() -> None:
    counts = Counter(written_down(PAGE))
    assert [grant for grant, count in counts.items() if count > 1] == []


def test_no_grant_is_planned_twice(planned: list[Resource]) -> None:
    assert len(grants(planned)) == len(set(grants(planned)))


def test_a_function_is_built_once_its_builder_may(plan: dict[str, Any]) -> None:
    """Terraform makes side by side whatever nobody tells it to make first."""
    root = plan["configuration"]["root_module"]
    builds = {
        one["address"]
        for one in root["resources"]
        if one["type"].endswith("_iam_member")
        and one["expressions"]["member"].get("references", [""])[0].startswith(BUILDER)
    }
    assert len(builds) == 4
    assert builds == set(root["module_calls"]["function"]["depends_on"])


def test_a_bucket_is_made_once_its_key_may_be_used(plan: dict[str, Any]) -> None:
    call = plan["configuration"]["root_module"]["module_calls"]["bucket"]
    assert call["depends_on"] == ["google_kms_crypto_key_iam_member.storage"]


def test_our_roles_have_the_permissions_of_the_page(planned: list[Resource]) -> None:
    section = PAGE.partition("## Roles of our own")[2].partition("##")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE)
    told = {role: sorted(re.findall(r"`([\w.]+)`", permissions)) for role, permissions in rows}
    custom = [one.values for one in planned if one.type == "google_project_iam_custom_role"]
    assert told == {one["role_id"]: sorted(one["permissions"]) for one in custom}


def test_braces_stand_for_several_rows() -> None:
    assert list(written_down("| a_{b,c} | `r` | topic x |")) == [
        Grant("a_b", "r", "topic x"),
        Grant("a_c", "r", "topic x"),
    ]


def test_what_variables_add_is_what_the_page_says_they_add(
    ours: Terraform, planned: list[Resource]
) -> None:
    requester = "serviceAccount:crm@example.iam.gserviceaccount.com"
    more = resources(ours.plan(cmek=True, deletion_requesters=[requester]))
    assert set(grants(more)) - set(grants(planned)) == {
        Grant("Cloud Storage", "cloudkms.cryptoKeyEncrypterDecrypter", "key buckets"),
        Grant("crm", "pubsub.publisher", "topic deletion-requests"),
    }
