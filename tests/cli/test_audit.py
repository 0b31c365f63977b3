"""`custody audit`: whether the trail stands as it was written."""

from custody.adapters.objects import Bucket
from custody.domain.audit import START, following

from .conftest import Shell


def note(shell: Shell, *acts: str) -> None:
    world = shell.world
    for act in acts:
        world.audit.note("e-one", act, {"source": "hubspot", "epoch": 1}, world.now())


def bucket_of(shell: Shell) -> Bucket:
    return Bucket(shell.world.storage, shell.environment["CUSTODY_AUDIT_BUCKET"])


def test_a_trail_without_entries_is_in_order(shell: Shell) -> None:
    expected = {"entries": 0, "ok": True, "signed_at": None, "broken": None}
    assert shell.json("audit", "verify") == expected


def test_a_trail_that_stands_is_in_order_and_says_until_when_it_is_signed(shell: Shell) -> None:
    note(shell, "fence", "shred-keys")
    done = shell.run("audit", "verify")
    assert (done.exit_code, "no checkpoint" in done.stderr) == (0, True)
    world = shell.world
    signed = world.audit.sign_heads(world.signer, world.now())
    found = shell.json("audit", "verify")
    assert (found["entries"], found["ok"], found["broken"]) == (2, True, None)
    assert found["signed_at"] == signed.at.isoformat().replace("+00:00", "Z")


def test_the_first_entry_that_was_changed_is_named(shell: Shell) -> None:
    note(shell, "fence", "shred-keys")
    bucket, name = bucket_of(shell), "streams/e-one/00000001"
    forged = following(START, "e-one", "nothing", {}, shell.world.now())
    bucket.replace(name, forged.canonical(), generation=bucket.read(name).generation)
    done = shell.run("audit", "verify", "--format", "json")
    assert done.exit_code == 7
    assert '"ok": false' in done.stdout
    code, error = shell.fails("audit", "verify")
    assert (code, error["code"]) == (7, "CORRUPT")
    assert error["message"].startswith("entry 2 of e-one: ")


def test_a_checkpoint_that_was_changed_is_named(shell: Shell) -> None:
    note(shell, "fence")
    bucket_of(shell).create("checkpoints/2026-03-01T12:00:00.000000Z.jws", b"a.b.c")
    code, error = shell.fails("audit", "verify")
    assert (code, error["code"]) == (7, "CORRUPT")
    assert error["message"].startswith("checkpoint 1: ")
