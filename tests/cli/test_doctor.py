"""`custody doctor`: every part is looked at, and what is wrong has a remedy."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from custody.cli.checks import WrongError, checks
from custody.domain.channels import Channel
from custody.domain.drain_changes import Cursor
from custody.domain.drive import CORPORA
from custody.errors import UnavailableError
from custody.settings import SETTINGS
from localcloud.faults import Rule

from .conftest import Shell


def watch(shell: Shell, *, left: timedelta = timedelta(days=7), **known: Any) -> None:
    """A channel and a cursor for each change log, as the functions keep them."""
    world = shell.world
    now = world.now()
    for corpus in CORPORA:
        values: dict[str, Any] = {
            "channel": f"channel-{corpus}",
            "corpus": corpus,
            "resource": "resource",
            "address": world.push_url,
            "created_at": now,
            "expires_at": now + left,
        }
        world.channels.add(Channel(**values | known))
        world.cursors.move(corpus, Cursor(token="1", moved_at=now), stamp=0)


def examine(shell: Shell) -> dict[str, dict[str, Any]]:
    """The checks that failed, by name."""
    done = shell.run("doctor", "--format", "json")
    rows = json.loads(done.stdout)
    failed = {row["check"]: row for row in rows if not row["ok"]}
    assert done.exit_code == (1 if failed else 0)
    for row in rows:
        assert (row["remedy"] is None) == row["ok"]
        assert row["detail"]
    return failed


def test_a_healthy_system_passes_every_check(shell: Shell) -> None:
    watch(shell)
    assert examine(shell) == {}


def test_every_check_runs_whatever_the_others_say(shell: Shell) -> None:
    healthy = len(json.loads(shell.run("doctor", "--format", "json").stdout))
    for name in SETTINGS:
        if name.startswith("CUSTODY_"):
            del shell.environment[name]
    failed = examine(shell)
    assert len(failed) == healthy - 3  # clock, policy and lock need no setting
    assert "CUSTODY_PROJECT is not set" in failed["settings"]["detail"]
    assert "custody env" in failed["settings"]["remedy"]


def test_an_ill_typed_setting_is_named(shell: Shell) -> None:
    watch(shell)
    shell.environment["CUSTODY_QUIESCENCE_SECONDS"] = "soon"
    failed = examine(shell)
    assert list(failed) == ["settings", "policy"]
    assert "CUSTODY_QUIESCENCE_SECONDS" in failed["settings"]["detail"]


def test_channels_and_cursors_that_are_not_there_are_found(shell: Shell) -> None:
    assert set(examine(shell)) == {
        f"{part} {corpus}" for part in ("channel", "cursor") for corpus in CORPORA
    }


def test_a_channel_that_ends_soon_or_rings_elsewhere_is_found(shell: Shell) -> None:
    """T2: channels end, and no one renews them but us."""
    watch(shell, left=timedelta(hours=23))
    assert set(examine(shell)) == {f"channel {corpus}" for corpus in CORPORA}
    shell.environment["CUSTODY_PUSH_URL"] = "https://elsewhere.example"
    assert "elsewhere" in examine(shell)["channel own-log"]["detail"]


def test_a_change_log_that_nobody_follows_is_found(shell: Shell) -> None:
    watch(shell)
    world = shell.world
    for corpus in CORPORA:
        seen = world.cursors.read(corpus)
        assert seen
        old = Cursor(token="1", moved_at=world.now() - timedelta(hours=1))
        world.cursors.move(corpus, old, stamp=seen.stamp)
    assert set(examine(shell)) == {f"cursor {corpus}" for corpus in CORPORA}


def test_a_bucket_that_keeps_what_is_deleted_is_found(shell: Shell) -> None:
    """T21: soft delete and versioning keep the bytes."""
    watch(shell)
    vault = shell.world.storage.bucket(shell.environment["CUSTODY_VAULT_BUCKET"])
    vault.reload()
    vault.versioning_enabled = True
    vault.soft_delete_policy.retention_duration_seconds = 604800
    vault.patch()
    shell.environment["CUSTODY_LEDGER_BUCKET"] += "-gone"
    failed = examine(shell)
    assert "versioning is on and soft delete" in failed["bucket vault"]["detail"]
    assert "does not exist" in failed["bucket ledger"]["detail"]


def test_a_bucket_whose_configuration_is_not_ours_to_read_may_answer(shell: Shell) -> None:
    watch(shell)
    faults = shell.servers.storage.faults
    faults.add(Rule(method="storage.buckets.get", times=None, status=403, reason="forbidden"))
    assert examine(shell) == {}


def test_a_key_that_is_not_there_is_found(shell: Shell) -> None:
    watch(shell)
    shell.environment["CUSTODY_KEK_URI"] = "file:/nowhere/kek.json"
    assert set(examine(shell)) == {"key"}


def test_a_signing_key_that_is_not_there_is_found(shell: Shell) -> None:
    watch(shell)
    shell.environment["CUSTODY_SIGNING_KEY_URI"] = "file:/nowhere/signing.key"
    assert set(examine(shell)) == {"signing key"}


def test_an_audit_trail_without_a_bucket_is_found(shell: Shell) -> None:
    watch(shell)
    shell.environment["CUSTODY_AUDIT_BUCKET"] += "-gone"
    assert set(examine(shell)) == {"bucket audit"}


@pytest.mark.parametrize("days", ["0", "31"])
def test_a_deadline_that_makes_no_sense_is_found(shell: Shell, days: str) -> None:
    watch(shell)
    shell.environment["CUSTODY_ERASURE_DEADLINE_DAYS"] = days
    assert f"{days} days" in examine(shell)["policy"]["detail"]


def test_an_erasure_that_ends_before_the_last_writer_is_found(shell: Shell) -> None:
    """T25: what a writer from before the fence still stores would outlive the proof."""
    [check] = [check for check in checks() if check.name == "policy"]
    assert check.look(shell.world)  # on the local cloud functions end at once
    shell.environment["CUSTODY_DRIVE_ENDPOINT"] = ""
    with pytest.raises(WrongError, match="2 s for writers that may live 540 s"):
        check.look(shell.world)
    shell.environment["CUSTODY_QUIESCENCE_SECONDS"] = "540"
    assert check.look(shell.world)


def test_a_drive_that_is_not_shared_with_us_is_found(shell: Shell) -> None:
    """T5: a shared drive that we no longer see is not skipped."""
    watch(shell)
    shell.environment["CUSTODY_DRIVE_ID"] = "nonsense"
    assert set(examine(shell)) == {"drive shared-drive"}


def test_queues_that_are_missing_are_named(shell: Shell) -> None:
    """T19: a dead-letter topic without a queue loses what it gets."""
    watch(shell)
    shell.messages.delete("subscriptions/timers-dead")
    shell.messages.delete("topics/files-touched")
    failed = examine(shell)
    assert set(failed) == {"topics", "subscriptions"}
    assert failed["topics"]["detail"] == "missing: files-touched"
    assert failed["subscriptions"]["detail"] == "missing: capture, timers-dead"


def test_an_off_site_bucket_that_is_not_there_is_found(shell: Shell) -> None:
    watch(shell)
    shell.environment["CUSTODY_OFFSITE_BUCKET"] += "-gone"
    assert set(examine(shell)) == {"offsite"}


def test_an_off_site_bucket_in_another_region_is_found(shell: Shell) -> None:
    watch(shell)
    shell.environment["CUSTODY_OFFSITE_REGION"] = "us-east-1"
    failed = examine(shell)
    assert set(failed) == {"offsite", "offsite keys"}
    assert "eu-central-1" in failed["offsite"]["detail"]


def test_a_bucket_of_keysets_that_can_be_locked_is_found(shell: Shell) -> None:
    """A locked keyset could not be shredded."""
    watch(shell)
    shell.environment["CUSTODY_OFFSITE_KEYS_BUCKET"] = shell.environment["CUSTODY_OFFSITE_BUCKET"]
    assert set(examine(shell)) == {"offsite keys"}


def test_a_lock_needs_a_bucket_that_can_lock(shell: Shell) -> None:
    watch(shell)
    shell.environment["CUSTODY_OFFSITE_BUCKET"] = shell.environment["CUSTODY_OFFSITE_KEYS_BUCKET"]
    shell.environment["CUSTODY_LOCK_DAYS"] = "7"
    assert set(examine(shell)) == {"offsite"}


@pytest.mark.parametrize(
    ("days", "mode", "said"),
    [("30", "COMPLIANCE", "locked for 30 days"), ("7", "FOREVER", "GOVERNANCE or COMPLIANCE")],
)
def test_a_lock_that_outlives_the_promise_or_makes_no_sense_is_found(
    shell: Shell, days: str, mode: str, said: str
) -> None:
    watch(shell)
    shell.environment.update({"CUSTODY_LOCK_DAYS": days, "CUSTODY_LOCK_MODE": mode})
    failed = examine(shell)
    assert set(failed) == {"lock"}
    assert said in failed["lock"]["detail"]


def test_a_lock_is_shown_with_the_deadline_that_it_must_not_reach(shell: Shell) -> None:
    shell.environment["CUSTODY_LOCK_DAYS"] = "7"
    rows = json.loads(shell.run("doctor", "--format", "json").stdout)
    [lock] = [row for row in rows if row["check"] == "lock"]
    assert "7 days (GOVERNANCE)" in lock["detail"]
    assert "erasures have 30 days" in lock["detail"]


@pytest.mark.parametrize("text", ["", "no key at all"])
def test_a_recovery_key_that_is_none_is_found(shell: Shell, text: str) -> None:
    watch(shell)
    shell.environment["CUSTODY_RECOVERY_KEY"] = text
    failed = examine(shell)
    assert set(failed) == {"recovery key"}
    assert "custody recovery make-key" in failed["recovery key"]["remedy"]


class WrongClock(BaseHTTPRequestHandler):
    """A storage whose answers are ten minutes old."""

    def do_HEAD(self) -> None:
        self.send_response_only(404)
        then = datetime.now(UTC) - timedelta(minutes=10)
        self.send_header("Date", format_datetime(then, usegmt=True))
        self.end_headers()


def test_a_clock_that_is_wrong_is_found(shell: Shell) -> None:
    server = HTTPServer(("127.0.0.1", 0), WrongClock)
    answering = Thread(target=server.handle_request)
    answering.start()
    shell.environment["STORAGE_EMULATOR_HOST"] = f"http://127.0.0.1:{server.server_port}"
    [check] = [check for check in checks() if check.name == "clock"]
    with pytest.raises(WrongError, match=r"^60\d s away"):
        check.look(shell.world)
    answering.join()
    server.server_close()
    with pytest.raises(UnavailableError):
        check.look(shell.world)


def test_a_service_that_does_not_answer_is_found(shell: Shell) -> None:
    watch(shell)
    shell.environment["PUBSUB_EMULATOR_HOST"] = "127.0.0.1:9"
    assert set(examine(shell)) == {"topics", "subscriptions"}
