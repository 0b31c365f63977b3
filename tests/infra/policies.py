"""What must hold of whatever is planned. Each policy names what breaks it."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from infra.grants import Grant, grants
from infra.terraform import PROJECT, SAMPLE, Resource

Planned = list[Resource]
Policy = Callable[[Planned], Iterator[str]]

MONTH = "2678400s"
PREDEFINED = {
    "artifactregistry.writer": {"artifactregistry.repositories.uploadArtifacts"},
    "cloudkms.cryptoKeyDecrypter": {"cloudkms.cryptoKeyVersions.useToDecrypt"},
    "cloudkms.cryptoKeyEncrypter": {"cloudkms.cryptoKeyVersions.useToEncrypt"},
    "iam.serviceAccountOpenIdTokenCreator": {"iam.serviceAccounts.getOpenIdToken"},
    "logging.logWriter": {"logging.logEntries.create"},
    "logging.viewer": {"logging.logEntries.list"},
    "monitoring.viewer": {"monitoring.timeSeries.list"},
    "pubsub.publisher": {"pubsub.topics.publish"},
    "pubsub.subscriber": {"pubsub.subscriptions.consume"},
    "pubsub.viewer": {"pubsub.topics.list", "pubsub.subscriptions.get"},
    "run.invoker": {"run.routes.invoke"},
    "secretmanager.secretAccessor": {"secretmanager.versions.access"},
}
"""What Google's roles let one do, as far as it matters here. A role outside needs a thought."""
ON_PROJECT = {
    Grant("operators", "pubsub.viewer", "project"),
    Grant("operators", "logging.viewer", "project"),
    Grant("operators", "monitoring.viewer", "project"),
    Grant("builder", "logging.logWriter", "project"),
    Grant("builder", "custodyGet", "project, on condition"),
}
WRAPPING = ("ENCRYPT_DECRYPT", "GOOGLE_SYMMETRIC_ENCRYPTION")
SIGNING = ("ASYMMETRIC_SIGN", "EC_SIGN_P256_SHA256")
ENCRYPT = "cloudkms.cryptoKeyVersions.useToEncrypt"
DECRYPT = "cloudkms.cryptoKeyVersions.useToDecrypt"
DESTROY = "cloudkms.cryptoKeyVersions.destroy"
PROOFS = {
    *("bucket audit", "ledger fences/", "ledger erasures/receipts/"),
    *("ledger marks/", "ledger disposals/", "ledger retention/plans/"),
}
"""Where nothing may be taken back."""
CREATE, GET = "storage.objects.create", "storage.objects.get"
LIST, DELETE = "storage.objects.list", "storage.objects.delete"


def of(planned: Planned, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Address and values of each resource of a type."""
    return ((one.address, one.values) for one in planned if one.type == f"google_{kind}")


# Buckets.


def buckets_are_closed(planned: Planned) -> Iterator[str]:
    for address, bucket in of(planned, "storage_bucket"):
        if not bucket["uniform_bucket_level_access"]:
            yield f"{address} has rights of single objects"
        if bucket["public_access_prevention"] != "enforced":
            yield f"{address} could be made public"
        if bucket["force_destroy"] is not False:
            yield f"{address} can be destroyed with what it holds"


def what_is_deleted_is_gone(planned: Planned) -> Iterator[str]:
    for address, bucket in of(planned, "storage_bucket"):
        soft_delete = bucket["soft_delete_policy"]
        if [one["retention_duration_seconds"] for one in soft_delete] != [0]:
            yield f"{address} keeps what is deleted, softly"
        if [one["enabled"] for one in bucket["versioning"]] != [False]:
            yield f"{address} keeps noncurrent versions"
        if bucket["default_event_based_hold"] or bucket["enable_object_retention"]:
            yield f"{address} holds objects back"


def the_audit_alone_is_retained(planned: Planned) -> Iterator[str]:
    retained = {
        bucket["name"]
        for _, bucket in of(planned, "storage_bucket")
        if any(int(one["retention_period"]) >= 31 * 86400 for one in bucket["retention_policy"])
    }
    if retained != {f"{PROJECT}-audit"}:
        yield f"retained: {sorted(retained)}"


def reports_alone_have_an_end(planned: Planned) -> Iterator[str]:
    ending = {
        bucket["name"]
        for _, bucket in of(planned, "storage_bucket")
        for rule in bucket["lifecycle_rule"]
        if rule["action"][0]["type"] == "Delete"
    }
    if ending != {f"{PROJECT}-reports"}:
        yield f"a lifecycle deletes in {sorted(ending)}"


# Places.


def everything_stays_in_the_region(planned: Planned) -> Iterator[str]:
    for one in planned:
        places = {one.values.get("location"), one.values.get("region")} - {None}
        if not places <= {SAMPLE["region"], SAMPLE["region"].upper()}:
            yield f"{one.address} is in {places}"
    for address, topic in of(planned, "pubsub_topic"):
        policies = topic["message_storage_policy"]
        if [one["allowed_persistence_regions"] for one in policies] != [[SAMPLE["region"]]]:
            yield f"messages of {address} may lie anywhere"
    for address, secret in of(planned, "secret_manager_secret"):
        managed = secret["replication"][0]["user_managed"]
        if [one["replicas"][0]["location"] for one in managed] != [SAMPLE["region"]]:
            yield f"{address} may lie anywhere"


# Keys.


def a_destroyed_key_can_be_restored_for_a_month(planned: Planned) -> Iterator[str]:
    for address, key in of(planned, "kms_crypto_key"):
        if key["destroy_scheduled_duration"] != "2592000s":
            yield f"{address} is destroyed within {key['destroy_scheduled_duration']}"
        if key["purpose"] == "ENCRYPT_DECRYPT" and key["rotation_period"] != "7776000s":
            yield f"{address} is rotated within {key['rotation_period']}"
        if key.get("import_only") or key.get("skip_initial_version_creation"):
            yield f"{address} is not made in KMS"


def a_key_does_one_thing(planned: Planned) -> Iterator[str]:
    for address, key in of(planned, "kms_crypto_key"):
        kind = (key["purpose"], key["version_template"][0]["algorithm"])
        wanted = SIGNING if key["name"] == "signing" else WRAPPING
        if kind != wanted:
            yield f"{address} is a key for {kind}"


def every_use_of_a_key_is_written_down(planned: Planned) -> Iterator[str]:
    """By Google, in a log that custody cannot change."""
    written = {
        (config["service"], kind["log_type"])
        for _, config in of(planned, "project_iam_audit_config")
        for kind in config["audit_log_config"]
        if not kind["exempted_members"]
    }
    for kind in ("DATA_READ", "DATA_WRITE"):
        if ("cloudkms.googleapis.com", kind) not in written:
            yield f"nobody writes down {kind} of keys"


def no_key_of_an_identity_exists(planned: Planned) -> Iterator[str]:
    for one in planned:
        if one.type in ("google_service_account_key", "google_storage_hmac_key"):
            yield f"{one.address} is a key that can be carried away"


# Messages.


def nothing_that_is_quiet_expires(planned: Planned) -> Iterator[str]:
    for address, one in of(planned, "pubsub_subscription"):
        if [policy["ttl"] for policy in one["expiration_policy"]] != [""]:
            yield f"{address} is deleted when it is quiet for a month"
        if one["message_retention_duration"] != MONTH or one["ack_deadline_seconds"] != 600:
            yield f"{address} forgets too early"
    for address, topic in of(planned, "pubsub_topic"):
        if topic["message_retention_duration"] != MONTH:
            yield f"{address} forgets too early"


def what_is_given_up_is_kept(planned: Planned) -> Iterator[str]:
    """Every pushed message ends in a dead letter, and every dead letter in a subscription."""
    listened = {one["topic"] for _, one in of(planned, "pubsub_subscription")}
    for address, one in _pushed(planned):
        policies = one["dead_letter_policy"]
        if [policy["max_delivery_attempts"] for policy in policies] != [100]:
            yield f"{address} gives up too early, or never"
        elif policies[0]["dead_letter_topic"] not in listened:
            yield f"dead letters of {address} vanish"
        if [tuple(one["retry_policy"][0].values())] != [("600s", "10s")]:
            yield f"{address} repeats at another pace"


def messages_are_pushed_by_an_identity_of_their_own(planned: Planned) -> Iterator[str]:
    for address, one in _pushed(planned):
        push = one["push_config"][0]
        callers = [token["service_account_email"] for token in push["oidc_token"]]
        name = one["name"].replace("_", "-")
        if callers != [f"invoke-{name}@{PROJECT}.iam.gserviceaccount.com"]:
            yield f"{address} is pushed by {callers}"
        if push["no_wrapper"]:
            yield f"{address} is pushed without its envelope (T30)"


def _pushed(planned: Planned) -> Iterator[tuple[str, dict[str, Any]]]:
    return (
        (address, one)
        for address, one in of(planned, "pubsub_subscription")
        if not one["name"].endswith("-dead")
    )


# Functions.


def functions_run_as_themselves(planned: Planned) -> Iterator[str]:
    for address, one in of(planned, "cloudfunctions2_function"):
        service = one["service_config"][0]
        if service["service_account_email"] != f"custody-{one['name']}@{_DOMAIN}":
            yield f"{address} runs as {service['service_account_email']}"
        is_open = service["ingress_settings"] != "ALLOW_INTERNAL_ONLY"
        if is_open and one["name"] != "receive-push":
            yield f"{address} can be reached from outside"


def identities_have_names_that_google_takes(planned: Planned) -> Iterator[str]:
    for address, one in of(planned, "service_account"):
        if not re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", one["account_id"]):
            yield f"{address} cannot be called {one['account_id']}"


def secrets_are_no_settings(planned: Planned) -> Iterator[str]:
    for address, one in of(planned, "cloudfunctions2_function"):
        service = one["service_config"][0]
        secret = {name for name in service["environment_variables"] if "SECRET" in name}
        if secret:
            yield f"{address} has {secret} in the clear"
    for address, _ in of(planned, "secret_manager_secret_version"):
        yield f"{address} puts a secret into the state file"


_DOMAIN = f"{PROJECT}.iam.gserviceaccount.com"


# Grants.


def grants_add_and_never_replace(planned: Planned) -> Iterator[str]:
    for one in planned:
        if one.type.endswith(("_iam_binding", "_iam_policy")):
            yield f"{one.address} takes away what others were granted"


def nobody_is_anybody(planned: Planned) -> Iterator[str]:
    for one in planned:
        member = one.values.get("member", "")
        is_bell = one.type == "google_cloud_run_v2_service_iam_member" and (
            one.values["name"] == "receive-push"
        )
        if member in ("allUsers", "allAuthenticatedUsers") and not is_bell:
            yield f"{one.address} is granted to {member}"


def the_project_gives_nearly_nothing(planned: Planned) -> Iterator[str]:
    for grant in grants(planned):
        if grant.resource.startswith("project") and grant not in ON_PROJECT:
            yield f"{grant.identity} has {grant.role} on the whole project"


def roles_are_weighed(planned: Planned) -> Iterator[str]:
    known = PREDEFINED.keys() | _custom(planned).keys()
    for grant in grants(planned):
        if grant.role not in known and grant.resource != "key buckets":
            yield f"nobody weighed what {grant.role} gives to {grant.identity}"


def nobody_encrypts_and_destroys(planned: Planned) -> Iterator[str]:
    for identity, rights in _rights(planned).items():
        held = {permission for permission, _ in rights}
        if DESTROY in held and held & {ENCRYPT, DECRYPT}:
            yield f"{identity} uses a key and may destroy it"


def nobody_decrypts_and_deletes(planned: Planned) -> Iterator[str]:
    """On the index it is another matter: that is a cache."""
    for identity, rights in _rights(planned).items():
        deletes = {(DELETE, "bucket vault"), (DELETE, "bucket keys")} & rights
        if deletes and (DECRYPT, "key kek") in rights:
            yield f"{identity} decrypts and deletes"


def the_vault_is_written_once_and_read_by_few(planned: Planned) -> Iterator[str]:
    allowed = {
        "capture": {CREATE, GET},
        "replicate": {CREATE, GET, LIST},
        "restorers": {CREATE, GET, LIST},
        "reconcile": {GET, LIST},
        "drill": {GET, LIST},
        "retention": {LIST},
        "operators": {LIST, "storage.buckets.get", "storage.multipartUploads.list"},
        "erase_vault": {
            *(LIST, DELETE, "storage.buckets.get"),
            *("storage.multipartUploads.list", "storage.multipartUploads.abort"),
        },
    }
    yield from _others(planned, "bucket vault", allowed)


def keysets_are_made_by_people_and_deleted_by_one(planned: Planned) -> Iterator[str]:
    allowed = {
        "capture": {GET, LIST},
        "reconcile": {GET, LIST},
        "drill": {GET, LIST},
        "retention": {GET, LIST},
        "restorers": {GET, LIST},
        "operators": {CREATE, GET, LIST, "storage.buckets.get", "storage.multipartUploads.list"},
        "erase_keys": {
            *(CREATE, GET, LIST, DELETE, "storage.buckets.get"),
            *("storage.multipartUploads.list", "storage.multipartUploads.abort"),
        },
    }
    yield from _others(planned, "bucket keys", allowed)


def who_copies_has_no_keys(planned: Planned) -> Iterator[str]:
    """It takes ciphertext from one provider to another, and could read it at neither."""
    for permission, place in _rights(planned).get("replicate", ()):
        if place == "bucket keys" or place.startswith("key "):
            yield f"replicate may {permission} in the {place}"


def the_bell_can_ring_and_no_more(planned: Planned) -> Iterator[str]:
    expected = {
        ("pubsub.topics.publish", "topic drive-pushes"),
        ("secretmanager.versions.access", "secret push-secret"),
    }
    if _rights(planned).get("receive_push") != expected:
        yield f"receive_push may {_rights(planned).get('receive_push')}"


def proofs_cannot_be_taken_back(planned: Planned) -> Iterator[str]:
    """Marks go with their epoch alone, as the last copy of it."""
    for identity, rights in _rights(planned).items():
        for permission, place in rights:
            is_of_epoch = (identity, place) == ("erase_ledger", "ledger marks/")
            if permission == DELETE and place in PROOFS and not is_of_epoch:
                yield f"{identity} may delete in {place}"


def only_a_decision_lets_go(planned: Planned) -> Iterator[str]:
    """A mark is final. Whoever carries orders out, or finds damage, decides nothing."""
    for identity, rights in _rights(planned).items():
        if (CREATE, "ledger marks/") in rights and identity not in ("retention", "operators"):
            yield f"{identity} may mark what it wants to be gone"


def people_let_go_in_pairs(planned: Planned) -> Iterator[str]:
    """One group marks and sends tasks, the other has the index and writes orders."""
    rights = _rights(planned)
    if (CREATE, "ledger disposals/") in rights["operators"]:
        yield "operators order what they may also send"
    if (CREATE, "ledger index/") in rights["operators"]:
        yield "operators take out of the index what they may also mark"
    for right in rights["restorers"]:
        if right == (CREATE, "ledger marks/") or right[1].startswith("topic erasure-tasks-"):
            yield f"restorers may {right[0]} in {right[1]}"


def no_function_approves(planned: Planned) -> Iterator[str]:
    for identity, rights in _rights(planned).items():
        if (CREATE, "ledger erasures/approvals/") in rights and identity != "operators":
            yield f"{identity} is a second pair of eyes"


def _custom(planned: Planned) -> dict[str, set[str]]:
    roles = of(planned, "project_iam_custom_role")
    return {role["role_id"]: set(role["permissions"]) for _, role in roles}


def _rights(planned: Planned) -> dict[str, set[tuple[str, str]]]:
    """By identity, each permission and where it holds."""
    roles = PREDEFINED | _custom(planned)
    found: dict[str, set[tuple[str, str]]] = {}
    for grant in grants(planned):
        rights = {(permission, grant.resource) for permission in roles.get(grant.role, ())}
        found.setdefault(grant.identity, set()).update(rights)
    return found


def _others(planned: Planned, place: str, allowed: dict[str, set[str]]) -> Iterator[str]:
    for identity, rights in _rights(planned).items():
        held = {permission for permission, where in rights if where == place}
        if held != allowed.get(identity, set()):
            yield f"{identity} may {sorted(held)} in the {place}"


# People.


def every_alert_tells_people_what_to_do(planned: Planned) -> Iterator[str]:
    for address, one in of(planned, "monitoring_alert_policy"):
        documented = [text["content"] for text in one["documentation"]]
        anchor = one["display_name"].removeprefix("custody ")
        if documented != [f"{SAMPLE['runbook']}#{anchor}"]:
            yield f"{address} has no link into the runbook"
        if not one["severity"] or one["enabled"] is False:
            yield f"{address} is not taken seriously"
        if len(one["notification_channels"] or []) != len(SAMPLE["alert_emails"]):
            yield f"{address} tells nobody"


def an_alert_that_is_over_ends(planned: Planned) -> Iterator[str]:
    """Counters of events have no data afterwards, and an open incident is silent about the next."""
    for address, one in of(planned, "monitoring_alert_policy"):
        compares = any(condition["condition_threshold"] for condition in one["conditions"])
        closing = [strategy["auto_close"] for strategy in one["alert_strategy"]]
        if compares and closing != ["1800s"]:
            yield f"{address} stays open"


POLICIES: Iterable[Policy] = (
    buckets_are_closed,
    what_is_deleted_is_gone,
    the_audit_alone_is_retained,
    reports_alone_have_an_end,
    everything_stays_in_the_region,
    a_destroyed_key_can_be_restored_for_a_month,
    a_key_does_one_thing,
    every_use_of_a_key_is_written_down,
    no_key_of_an_identity_exists,
    nothing_that_is_quiet_expires,
    what_is_given_up_is_kept,
    messages_are_pushed_by_an_identity_of_their_own,
    functions_run_as_themselves,
    identities_have_names_that_google_takes,
    secrets_are_no_settings,
    grants_add_and_never_replace,
    nobody_is_anybody,
    the_project_gives_nearly_nothing,
    roles_are_weighed,
    nobody_encrypts_and_destroys,
    nobody_decrypts_and_deletes,
    the_vault_is_written_once_and_read_by_few,
    keysets_are_made_by_people_and_deleted_by_one,
    who_copies_has_no_keys,
    the_bell_can_ring_and_no_more,
    proofs_cannot_be_taken_back,
    only_a_decision_lets_go,
    people_let_go_in_pairs,
    no_function_approves,
    every_alert_tells_people_what_to_do,
    an_alert_that_is_over_ends,
)
