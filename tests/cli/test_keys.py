"""`custody keys`: copies of keysets, and those that come back."""

from pathlib import Path
from typing import Any

import pytest

from custody.domain.vault import HoldingEpoch, Source
from samples import a_fence

from .conftest import Shell
from .offsite import delete_key_object, destroy, empty, key_objects, put_key_object


@pytest.fixture
def recovery_key(shell: Shell, tmp_path: Path) -> Path:
    path = tmp_path / "recovery.key"
    shell.environment["CUSTODY_RECOVERY_KEY"] = shell.run("recovery", "make-key", path).stdout
    return path


@pytest.fixture
def kept(shell: Shell, recovery_key: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """One version of a holding whose keyset lies in every place."""
    shell.add()
    (tmp_path / "deals.csv").write_bytes(b"one\n")
    return list(shell.capture(tmp_path / "deals.csv"))


def life_of(kept: list[dict[str, Any]]) -> HoldingEpoch:
    return HoldingEpoch(customer=kept[0]["customer"], source=Source("hubspot"), epoch=1)


def readable(shell: Shell, kept: list[dict[str, Any]]) -> bool:
    return shell.run("backups", "cat", kept[0]["version"]).stdout_bytes == b"one\n"


def test_an_open_epoch_has_both_copies_off_site(shell: Shell, kept: list[dict[str, Any]]) -> None:
    life = life_of(kept)
    assert key_objects(shell) == [f"{life}.keyset", f"{life}.recovery"]
    assert shell.json("keys", "copy") == {"copied": 0, "epochs": 1, "erased": 0, "failed": 0}


@pytest.mark.parametrize("missing", [(".keyset",), (".recovery",), (".keyset", ".recovery")])
def test_missing_copies_are_made(
    shell: Shell, kept: list[dict[str, Any]], missing: tuple[str, ...]
) -> None:
    for ending in missing:
        delete_key_object(shell, f"{life_of(kept)}{ending}")
    planned = shell.json("keys", "copy", "acorn", "--dry-run")
    assert (planned["copied"], planned["dry_run"]) == (len(missing), True)
    assert shell.json("keys", "copy", "acorn/hubspot")["copied"] == len(missing)
    assert len(key_objects(shell)) == 2
    assert shell.json("keys", "copy")["copied"] == 0


def test_without_a_recovery_key_one_copy_is_enough(
    shell: Shell, kept: list[dict[str, Any]]
) -> None:
    delete_key_object(shell, f"{life_of(kept)}.recovery")
    del shell.environment["CUSTODY_RECOVERY_KEY"]
    assert shell.json("keys", "copy", "--dry-run")["copied"] == 0


def test_a_lost_keyset_is_put_back_as_it_was(shell: Shell, kept: list[dict[str, Any]]) -> None:
    empty(shell, "KEYS")
    assert not readable(shell, kept)
    planned = shell.json("keys", "restore", "--dry-run")
    assert (planned["restored"], planned["dry_run"]) == (1, True)
    assert not readable(shell, kept)
    assert shell.json("keys", "restore", "acorn")["restored"] == 1
    assert readable(shell, kept)
    assert shell.json("keys", "restore")["restored"] == 0


def test_with_the_recovery_key_a_keyset_is_wrapped_for_another_key(
    shell: Shell, kept: list[dict[str, Any]], recovery_key: Path, tmp_path: Path
) -> None:
    """The key that wrapped it is lost, too."""
    from custody.adapters.kms import LocalKek

    LocalKek.create(tmp_path / "other-kek.json")
    shell.environment["CUSTODY_KEK_URI"] = f"file:{tmp_path / 'other-kek.json'}"
    empty(shell, "KEYS")
    done = shell.run("keys", "restore")
    assert done.exit_code == 3
    assert "--key" in done.stderr
    assert shell.json("keys", "restore", "--key", recovery_key)["restored"] == 1
    assert readable(shell, kept)


def test_a_wrong_recovery_key_restores_nothing(
    shell: Shell, kept: list[dict[str, Any]], tmp_path: Path
) -> None:
    shell.run("recovery", "make-key", tmp_path / "another.key")
    empty(shell, "KEYS")
    done = shell.run("keys", "restore", "--key", tmp_path / "another.key")
    assert done.exit_code == 3
    assert "not for this recovery key" in done.stderr
    assert not readable(shell, kept)


def test_without_a_copy_nothing_comes_back_and_it_is_told(
    shell: Shell, kept: list[dict[str, Any]]
) -> None:
    empty(shell, "KEYS")
    delete_key_object(shell, f"{life_of(kept)}.keyset")
    done = shell.run("keys", "restore")
    assert done.exit_code == 3
    assert "lies off-site" in done.stderr


def test_no_keyset_of_a_closed_epoch_comes_back(shell: Shell, kept: list[dict[str, Any]]) -> None:
    """T25."""
    empty(shell, "KEYS")
    shell.world.fences.close(life_of(kept), a_fence())
    code, error = shell.fails("keys", "restore", "acorn")
    assert (code, error["code"]) == (6, "REFUSED")
    assert not readable(shell, kept)
    delete_key_object(shell, f"{life_of(kept)}.keyset")
    assert shell.json("keys", "copy")["erased"] == 1
    assert key_objects(shell) == [f"{life_of(kept)}.recovery"]


@pytest.mark.parametrize("place", ["vault", "off-site"])
@pytest.mark.parametrize("with_key", [True, False])
def test_a_mark_in_either_place_is_enough_to_refuse(
    shell: Shell,
    kept: list[dict[str, Any]],
    recovery_key: Path,
    place: str,
    *,
    with_key: bool,
) -> None:
    empty(shell, "KEYS")
    mark = f"{life_of(kept)}.destroyed"
    if place == "vault":
        bucket = shell.world.storage.bucket(shell.environment["CUSTODY_KEYS_BUCKET"])
        bucket.blob(mark).upload_from_string(b"")
    else:
        put_key_object(shell, mark, b"")
    words = ("--key", recovery_key) if with_key else ()
    assert shell.fails("keys", "restore", *words)[0] == 6
    assert not readable(shell, kept)


def test_a_bucket_that_is_gone_must_be_made_first(shell: Shell, kept: list[dict[str, Any]]) -> None:
    destroy(shell, "KEYS")
    done = shell.run("keys", "restore")
    assert done.exit_code == 3
    assert "failed: " in done.stderr
