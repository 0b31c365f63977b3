"""What must hold of the plan, and that each policy bites where somebody breaks it."""

import pytest

from infra import policies
from infra.mutants import Mutant, require_refused
from infra.policies import POLICIES, Policy
from infra.terraform import Resource, Terraform

NAMES = [policy.__name__ for policy in POLICIES]


@pytest.mark.parametrize("policy", POLICIES, ids=NAMES)
def test_the_plan_holds(policy: Policy, planned: list[Resource]) -> None:
    assert list(policy(planned)) == []


BUCKET, FUNCTION = "modules/bucket/main.tf", "modules/function/main.tf"
DELIVERY = "modules/function/delivery.tf"
MUTANTS = (
    Mutant(
        policy=policies.buckets_are_closed,
        fault="has rights of single objects",
        file=BUCKET,
        old="uniform_bucket_level_access = true",
        new="uniform_bucket_level_access = false",
    ),
    Mutant(
        policy=policies.what_is_deleted_is_gone,
        fault="keeps what is deleted, softly",
        file=BUCKET,
        old="retention_duration_seconds = 0",
        new="retention_duration_seconds = 604800",
    ),
    Mutant(
        policy=policies.the_audit_alone_is_retained,
        fault="'sample-project-vault'",
        file="buckets.tf",
        old="vault   = { retention_days = null",
        new="vault   = { retention_days = 31",
    ),
    Mutant(
        policy=policies.reports_alone_have_an_end,
        fault="'sample-project-ledger'",
        file="buckets.tf",
        old="ledger  = { retention_days = null, life_days = null }",
        new="ledger  = { retention_days = null, life_days = 90 }",
    ),
    Mutant(
        policy=policies.everything_stays_in_the_region,
        fault="is in {'global'}",
        file="keys.tf",
        old="location = var.region\n}",
        new='location = "global"\n}',
    ),
    Mutant(
        policy=policies.a_destroyed_key_can_be_restored_for_a_month,
        fault="kek is destroyed within 86400s",
        file="keys.tf",
        old='second_thoughts = "2592000s"',
        new='second_thoughts = "86400s"',
    ),
    Mutant(
        policy=policies.a_key_does_one_thing,
        fault="signing is a key for",
        file="keys.tf",
        old="EC_SIGN_P256_SHA256",
        new="EC_SIGN_P384_SHA384",
    ),
    Mutant(
        policy=policies.every_use_of_a_key_is_written_down,
        fault="nobody writes down DATA_READ",
        file="iam.tf",
        old='log_type = "DATA_READ"',
        new='log_type = "ADMIN_READ"',
    ),
    Mutant(
        policy=policies.no_key_of_an_identity_exists,
        fault="google_storage_hmac_key.k",
        file="workspace.tf",
        old="# Reads Drive for all functions",
        new='resource "google_storage_hmac_key" "k" {\n  service_account_email = "x"\n}\n\n#',
    ),
    Mutant(
        policy=policies.nothing_that_is_quiet_expires,
        fault="is deleted when it is quiet",
        file=DELIVERY,
        old='ttl = ""',
        new='ttl = "2678400s"',
    ),
    Mutant(
        policy=policies.what_is_given_up_is_kept,
        fault="vanish",
        file="functions.tf",
        old="dead_topic = google_pubsub_topic.dead[each.value.topic].id",
        new='dead_topic = "projects/sample-project/topics/nowhere"',
    ),
    Mutant(
        policy=policies.messages_are_pushed_by_an_identity_of_their_own,
        fault="is pushed by ['custody-",
        file=DELIVERY,
        old="service_account_email = google_service_account.invoker[each.key].email",
        new="service_account_email = google_service_account.this.email",
    ),
    Mutant(
        policy=policies.functions_run_as_themselves,
        fault="can be reached from outside",
        file=FUNCTION,
        old='"ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"',
        new='"ALLOW_ALL" : "ALLOW_ALL"',
    ),
    Mutant(
        policy=policies.identities_have_names_that_google_takes,
        fault="cannot be called custody-builder-of-all-functions",
        file="build.tf",
        old='"custody-builder"',
        new='"custody-builder-of-all-functions"',
    ),
    Mutant(
        policy=policies.secrets_are_no_settings,
        fault="CUSTODY_PUSH_SECRET",
        file="functions.tf",
        old="CUSTODY_PROJECT                = var.project",
        new='CUSTODY_PUSH_SECRET = "s"\n    CUSTODY_PROJECT                = var.project',
    ),
    Mutant(
        policy=policies.grants_add_and_never_replace,
        fault="google_project_iam_binding.b",
        file="build.tf",
        old='resource "google_artifact_registry_repository_iam_member" "builder" {',
        new='resource "google_project_iam_binding" "b" {\n  project = var.project\n'
        '  role = "roles/logging.viewer"\n  members = []\n}\n\n'
        'resource "google_artifact_registry_repository_iam_member" "builder" {',
    ),
    Mutant(
        policy=policies.nobody_is_anybody,
        fault="is granted to allAuthenticatedUsers",
        file="iam.tf",
        old="member       = local.members.operators",
        new='member       = "allAuthenticatedUsers"',
    ),
    Mutant(
        policy=policies.the_project_gives_nearly_nothing,
        fault="capture has pubsub.viewer",
        file="iam.tf",
        old='"pubsub.viewer"     = ["operators"]',
        new='"pubsub.viewer"     = ["operators", "capture"]',
    ),
    Mutant(
        policy=policies.roles_are_weighed,
        fault="run.admin",
        file=DELIVERY,
        old="roles/run.invoker",
        new="roles/run.admin",
    ),
    Mutant(
        policy=policies.nobody_encrypts_and_destroys,
        fault="operators uses a key and may destroy it",
        file="iam.tf",
        old='custodyVerify = ["cloudkms.cryptoKeyVersions.list",',
        new='custodyVerify = ["cloudkms.cryptoKeyVersions.destroy",',
    ),
    Mutant(
        policy=policies.nobody_decrypts_and_deletes,
        fault="erase_vault decrypts and deletes",
        file="iam.tf",
        old='"cloudkms.cryptoKeyDecrypter" = [',
        new='"cloudkms.cryptoKeyDecrypter" = ["erase_vault", ',
    ),
    Mutant(
        policy=policies.the_vault_is_written_once_and_read_by_few,
        fault="capture may",
        file="iam.tf",
        old='custodyWriteOnce = ["capture", "replicate", "restorers"]',
        new='custodyReplace = ["capture", "replicate", "restorers"]',
    ),
    Mutant(
        policy=policies.keysets_are_made_by_people_and_deleted_by_one,
        fault="capture may",
        file="iam.tf",
        old='custodyWriteOnce = ["erase_keys", "operators"]',
        new='custodyWriteOnce = ["erase_keys", "operators", "capture"]',
    ),
    Mutant(
        policy=policies.who_copies_has_no_keys,
        fault="replicate may cloudkms.cryptoKeyVersions.useToEncrypt",
        file="iam.tf",
        old='"cloudkms.cryptoKeyEncrypter" = ["operators"]',
        new='"cloudkms.cryptoKeyEncrypter" = ["operators", "replicate"]',
    ),
    Mutant(
        policy=policies.the_bell_can_ring_and_no_more,
        fault="topic files-touched",
        file="functions.tf",
        old='publishes   = ["drive-pushes"]',
        new='publishes   = ["drive-pushes", "files-touched"]',
    ),
    Mutant(
        policy=policies.proofs_cannot_be_taken_back,
        fault="request_erasure may delete in ledger fences/",
        file="iam.tf",
        old='"fences/" = {',
        new='"fences/" = {\n      custodyDelete = ["request_erasure"]',
    ),
    Mutant(
        policy=policies.only_a_decision_lets_go,
        fault="drill may mark",
        file="iam.tf",
        old='"marks/" = {\n      custodyWriteOnce = ["retention", "operators"]',
        new='"marks/" = {\n      custodyWriteOnce = ["retention", "operators", "drill"]',
    ),
    Mutant(
        policy=policies.people_let_go_in_pairs,
        fault="operators order what they may also send",
        file="iam.tf",
        old='["drill", "retention", "erase_vault", "erase_offsite", "restorers"]',
        new='["drill", "retention", "erase_vault", "erase_offsite", "operators"]',
    ),
    Mutant(
        policy=policies.no_function_approves,
        fault="reconcile is a second pair of eyes",
        file="iam.tf",
        old='"erasures/approvals/" = {\n      custodyWriteOnce = ["operators"]',
        new='"erasures/approvals/" = {\n      custodyWriteOnce = ["operators", "reconcile"]',
    ),
    Mutant(
        policy=policies.every_alert_tells_people_what_to_do,
        fault="heartbeat has no link",
        file="monitoring.tf",
        old='content = "${var.runbook}#heartbeat"',
        new='content = "good luck"',
    ),
    Mutant(
        policy=policies.every_alert_tells_people_what_to_do,
        fault="dead_letter tells nobody",
        file="monitoring.tf",
        old='display_name          = "custody dead-letter"\n'
        '  combiner              = "OR"\n'
        '  severity              = "ERROR"\n'
        "  notification_channels = local.told",
        new='display_name = "custody dead-letter"\n  combiner = "OR"\n  severity = "ERROR"',
    ),
    Mutant(
        policy=policies.an_alert_that_is_over_ends,
        fault="stays open",
        file="monitoring.tf",
        old='over_after = "1800s"',
        new='over_after = "604800s"',
    ),
)


def test_every_policy_has_its_mutant() -> None:
    assert list(dict.fromkeys(mutant.policy for mutant in MUTANTS)) == list(POLICIES)


def test_what_somebody_breaks_is_refused(copy: Terraform) -> None:
    require_refused(copy, MUTANTS)
