"""Rights and buckets at Amazon: read from the policies' own JSON, and what must hold of them."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

from infra.grants import FUNCTIONS, Grant
from infra.policies import Planned, Policy
from infra.terraform import ACCOUNT, OFFSITE_SAMPLE

PREFIX = f"custody-{OFFSITE_SAMPLE['environment']}-"
KINDS = ("versions", "keysets")
BUCKETS = {kind: f"{PREFIX}{ACCOUNT}-{kind}" for kind in KINDS}
ON_CONDITION = ", on condition"

LOOKING = {
    *("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
    *("s3:GetBucketObjectLockConfiguration", "s3:GetBucketVersioning"),
    *("s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration"),
    *("s3:GetObjectRetention", "s3:GetObjectLegalHold"),
}
READING = {"s3:GetObject"}
WRITING = {"s3:PutObject", "s3:PutObjectRetention"}
DELETING = {"s3:DeleteObjectVersion"}
ENDING = {"s3:AbortMultipartUpload"}
"""Calls that somebody weighed. Whatever else S3 has, nobody may."""
KEYS = {
    "aws_iam_access_key",
    "aws_iam_user",
    "aws_iam_user_policy",
    "aws_iam_openid_connect_provider",
}


def of(planned: Planned, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Address and values of each resource of a type."""
    return ((one.address, one.values) for one in planned if one.type == f"aws_{kind}")


def statements(document: str) -> Iterator[dict[str, Any]]:
    """The statements of a policy, with lists where Amazon takes single values, too."""
    for one in json.loads(document)["Statement"]:
        lists = {key: _listed(one[key]) for key in ("Action", "Resource") if key in one}
        yield one | lists


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def policies(planned: Planned) -> Iterator[tuple[str, dict[str, Any]]]:
    """By identity, each statement of what it may do."""
    for _, one in of(planned, "iam_role_policy"):
        name = one["role"].removeprefix(PREFIX)
        yield from ((FUNCTIONS.get(name, name), each) for each in statements(one["policy"]))
    for _, one in of(planned, "iam_policy"):
        name = one["name"].removeprefix(PREFIX)
        yield from ((name, each) for each in statements(one["policy"]))


def rights(planned: Planned) -> list[Grant]:
    """Who may make which call where."""
    return [
        Grant(identity, call, _place(arn) + (ON_CONDITION if "Condition" in one else ""))
        for identity, one in policies(planned)
        for call, arn in product(one["Action"], one["Resource"])
    ]


def _place(arn: str) -> str:
    bucket, slash, names = arn.removeprefix("arn:aws:s3:::").partition("/")
    kinds = [kind for kind, name in BUCKETS.items() if name == bucket]
    if not kinds:
        raise ValueError(f"nobody weighed what a right on {arn} gives")
    return f"{kinds[0]} {names}" if slash else f"bucket {kinds[0]}"


# Buckets.


def buckets_are_closed(planned: Planned) -> Iterator[str]:
    shut = {"block_public_acls", "block_public_policy", "ignore_public_acls"}
    shut |= {"restrict_public_buckets"}
    for address, one in of(planned, "s3_bucket_public_access_block"):
        if not all(one[name] for name in shut):
            yield f"{address} could be made public"
    for address, one in of(planned, "s3_bucket_ownership_controls"):
        if one["rule"][0]["object_ownership"] != "BucketOwnerEnforced":
            yield f"{address} has rights of single objects"
    for address, one in of(planned, "s3_bucket_server_side_encryption_configuration"):
        applied = one["rule"][0]["apply_server_side_encryption_by_default"][0]
        if applied["sse_algorithm"] != "AES256":
            yield f"{address} encrypts with {applied['sse_algorithm']}"


def every_bucket_has_all_settings(planned: Planned) -> Iterator[str]:
    for kind in (
        *("versioning", "public_access_block", "ownership_controls", "policy"),
        *("server_side_encryption_configuration", "lifecycle_configuration"),
    ):
        found = {one["bucket"] for _, one in of(planned, f"s3_bucket_{kind}")}
        if missing := set(BUCKETS.values()) - found:
            yield f"{sorted(missing)} have no {kind}"


def no_content_is_lost_by_a_name(planned: Planned) -> Iterator[str]:
    for address, one in of(planned, "s3_bucket_versioning"):
        status = one["versioning_configuration"][0]["status"]
        if status != "Enabled":
            yield f"{address}: versioning is {status}"
    for address, one in of(planned, "s3_bucket"):
        if one["force_destroy"] is not False:
            yield f"{address} can be destroyed with what it holds"


def nothing_goes_by_itself(planned: Planned) -> Iterator[str]:
    """An erasure must find all there is, and a lifecycle deletes what no policy of ours let go."""
    for address, one in of(planned, "s3_bucket_lifecycle_configuration"):
        for rule in one["rule"]:
            acts = {key for key, value in rule.items() if value and isinstance(value, list)}
            if acts != {"filter", "abort_incomplete_multipart_upload"}:
                yield f"{address} does {sorted(acts)}"
            ends = [
                each["days_after_initiation"] for each in rule["abort_incomplete_multipart_upload"]
            ]
            if ends != [7] or rule["status"] != "Enabled":
                yield f"{address} ends unfinished uploads after {ends} days"


def keysets_are_never_locked(planned: Planned) -> Iterator[str]:
    """By their bucket or by a default of it; versions are locked one by one."""
    for address, one in of(planned, "s3_bucket"):
        if one["object_lock_enabled"] and one["bucket"] != BUCKETS["versions"]:
            yield f"{address} can lock keysets"
    for address, _ in of(planned, "s3_bucket_object_lock_configuration"):
        yield f"{address} locks by default"


def nobody_comes_in_the_clear(planned: Planned) -> Iterator[str]:
    wanted = {"Bool": {"aws:SecureTransport": "false"}}
    for address, arn, denied in _denials(planned):
        if not any(
            one["Condition"] == wanted
            and one["Action"] == ["s3:*"]
            and one["Resource"] == [arn, f"{arn}/*"]
            for one in denied
        ):
            yield f"{address} lets in whoever comes unencrypted"


def nobody_writes_over(planned: Planned) -> Iterator[str]:
    """Parts of an upload carry no condition; whatever makes an object does."""
    wanted = {
        "Null": {"s3:if-none-match": "true"},
        "Bool": {"s3:ObjectCreationOperation": "true"},
    }
    for address, arn, denied in _denials(planned):
        if not any(
            one["Condition"] == wanted
            and one["Action"] == ["s3:PutObject"]
            and one["Resource"] == [f"{arn}/*"]
            for one in denied
        ):
            yield f"{address} lets objects be written over"


def _denials(planned: Planned) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Each bucket's policy: its address, what it is about, and what it denies to everybody."""
    for address, one in of(planned, "s3_bucket_policy"):
        found = list(statements(one["policy"]))
        arn = f"arn:aws:s3:::{one['bucket']}"
        yield address, arn, [each for each in found if _denies_all(each)]


def _denies_all(statement: dict[str, Any]) -> bool:
    return bool(statement["Effect"] == "Deny" and statement["Principal"] == "*")


# Identities.


def no_key_of_an_identity_exists(planned: Planned) -> Iterator[str]:
    for one in planned:
        if one.type in KEYS:
            yield f"{one.address} is somebody whom no short-lived token vouches for"


def a_role_trusts_one_identity_for_itself(planned: Planned) -> Iterator[str]:
    for address, one in of(planned, "iam_role"):
        name = FUNCTIONS.get(one["name"].removeprefix(PREFIX))
        number = OFFSITE_SAMPLE["identities"].get(name)
        wanted = {
            "Effect": "Allow",
            "Principal": {"Federated": "accounts.google.com"},
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Condition": {
                "StringEquals": {
                    "accounts.google.com:sub": number,
                    "accounts.google.com:aud": number,
                    "accounts.google.com:oaud": f"arn:aws:iam::{ACCOUNT}:role/{one['name']}",
                }
            },
        }
        if list(statements(one["assume_role_policy"])) != [wanted]:
            yield f"{address} trusts somebody else"
        if one["max_session_duration"] != 3600:
            yield f"{address} may be kept for {one['max_session_duration']} s"


def rights_are_weighed(planned: Planned) -> Iterator[str]:
    known = LOOKING | READING | WRITING | DELETING | ENDING
    for identity, one in policies(planned):
        if one["Effect"] != "Allow" or one.keys() - {"Effect", "Action", "Resource", "Condition"}:
            yield f"{identity} has a statement of another kind"
        for call in one["Action"]:
            if call not in known:
                yield f"nobody weighed what {call} gives to {identity}"


def one_identity_deletes(planned: Planned) -> Iterator[str]:
    """Exact versions, and in the bucket of keysets everything but the marks."""
    allowed = {"versions *", "keysets *.keyset", "keysets *.recovery"}
    for one in rights(planned):
        if one.role in DELETING and (
            one.identity != "erase_offsite" or one.resource not in allowed
        ):
            yield f"{one.identity} deletes {one.resource}"


def nobody_reads_keysets_and_deletes(planned: Planned) -> Iterator[str]:
    readers = {one.identity for one in rights(planned) if _reads_keysets(one)}
    for one in rights(planned):
        if one.role in DELETING and one.identity in readers:
            yield f"{one.identity} reads keysets and deletes {one.resource}"


def _reads_keysets(one: Grant) -> bool:
    return one.role in READING and one.resource.startswith("keysets ")


def who_has_no_keys_sees_no_keysets(planned: Planned) -> Iterator[str]:
    """Whoever copies or compares, and whoever plans by listing, touches the other bucket alone."""
    for one in rights(planned):
        if one.identity in ("replicate", "reconcile", "retention") and "keysets" in one.resource:
            yield f"{one.identity} may {one.role} in {one.resource}"


def keysets_are_made_by_people(planned: Planned) -> Iterator[str]:
    """A function may leave the mark that a keyset was destroyed, and nothing else beside them."""
    for one in rights(planned):
        is_keyset = one.resource in ("keysets *.keyset", "keysets *.recovery", "keysets *")
        is_person = one.identity in ("operators", "restorers")
        if one.role in WRITING and is_keyset and not is_person:
            yield f"{one.identity} makes {one.resource}"


def locks_are_as_promised(planned: Planned) -> Iterator[str]:
    """By whoever stores alone, in one mode and for no longer than was said."""
    for identity, one in policies(planned):
        if "s3:PutObjectRetention" not in one["Action"]:
            continue
        condition = one.get("Condition", {})
        modes = condition.get("StringEquals", {}).get("s3:object-lock-mode")
        days = condition.get("NumericLessThanEquals", {}).get(
            "s3:object-lock-remaining-retention-days"
        )
        if identity != "replicate" or not modes or not days or not 0 < int(days) < 30:
            yield f"{identity} locks for {days} days, {modes}"


POLICIES: tuple[Policy, ...] = (
    buckets_are_closed,
    every_bucket_has_all_settings,
    no_content_is_lost_by_a_name,
    nothing_goes_by_itself,
    keysets_are_never_locked,
    nobody_comes_in_the_clear,
    nobody_writes_over,
    no_key_of_an_identity_exists,
    a_role_trusts_one_identity_for_itself,
    rights_are_weighed,
    one_identity_deletes,
    nobody_reads_keysets_and_deletes,
    who_has_no_keys_sees_no_keysets,
    keysets_are_made_by_people,
    locks_are_as_promised,
)
