"""The port Vault: written once, read back exactly, and never believed unchecked."""

import hashlib
import random
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from contracts.racing import race
from custody.domain.names import version_name
from custody.domain.vault import Draft, FileId, Kind, ObjectName, RevisionId, Version
from custody.errors import (
    CorruptError,
    DeadlineError,
    NotFoundError,
    TornReadError,
    UnavailableError,
)
from custody.ports import Sealer
from samples import LIFE, a_draft, a_life
from worlds.world import World

HOUR = timedelta(hours=1)
LARGE = random.Random(1).randbytes(100_000)
CHANGED = LARGE[:90_000] + random.Random(2).randbytes(1000) + LARGE[91_000:]


@pytest.fixture
def sealer(world: World) -> Sealer:
    world.keys.create(LIFE)
    return world.keys.unwrap(LIFE)


def store(
    world: World,
    sealer: Sealer,
    draft: Draft,
    data: bytes,
    *,
    base: Version | None = None,
    latest: Version | None = None,
) -> Version:
    return world.vault.store(
        draft,
        lambda: pieces(data),
        sealer=sealer,
        base=base,
        latest=latest,
        deadline=world.now() + HOUR,
    )


def pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), 30_000):
        yield data[start : start + 30_000]


def promised(revision: str, data: bytes, **known: Any) -> Draft:
    """A draft of which Drive promised size and md5."""
    md5 = hashlib.md5(data).hexdigest()
    return a_draft(revision, size_bytes=len(data), md5=md5, **known)


def read(world: World, sealer: Sealer, name: ObjectName) -> bytes:
    return b"".join(world.vault.content(name, sealer=sealer))


@pytest.mark.parametrize("data", [b"", b"x", LARGE, b"row\n" * 50_000])
def test_what_is_stored_is_read_back_exactly(world: World, sealer: Sealer, data: bytes) -> None:
    version = store(world, sealer, promised("r1", data), data)
    assert read(world, sealer, version.name) == data
    assert version.size_bytes == len(data)
    assert version.sha256 == hashlib.sha256(data).hexdigest()
    assert (version.kind, version.base, version.depth) == (Kind.FULL, None, 0)


def test_a_stored_version_describes_itself(world: World, sealer: Sealer) -> None:
    draft = promised("r1", b"one", drive_version=7, behind=2, folder_path="crm/größe", semantic="s")
    version = store(world, sealer, draft, b"one")
    assert world.vault.version(draft.name, sealer=sealer) == version
    for name in ("life", "file_id", "revision", "drive_version", "behind", "file_name"):
        assert getattr(version, name) == getattr(draft, name)
    for name in ("folder_path", "content_type", "captured_at", "md5", "semantic"):
        assert getattr(version, name) == getattr(draft, name)


def test_a_name_that_is_taken_keeps_what_it_has(world: World, sealer: Sealer) -> None:
    """The stored object is the authority: its version comes back, not the attempt."""
    first = store(world, sealer, a_draft("r1", drive_version=5), b"one")
    again = store(world, sealer, a_draft("r1", drive_version=9), b"another")
    assert again == first
    assert read(world, sealer, first.name) == b"one"


def test_of_sixteen_that_store_one_name_one_wins_and_all_get_the_winner(
    world: World, sealer: Sealer
) -> None:
    """T18: whoever loses is told what stands there."""
    attempts = [
        partial(store, world, sealer, a_draft("r1", drive_version=number), b"%d" % number)
        for number in range(16)
    ]
    won = race(attempts)
    assert all(isinstance(version, Version) for version in won)
    assert len(set(won)) == 1
    stored = world.vault.version(a_draft("r1").name, sealer=sealer)
    assert won[0] == stored
    assert read(world, sealer, stored.name) == b"%d" % stored.drive_version


def test_a_content_that_is_not_what_drive_promised_is_not_stored(
    world: World, sealer: Sealer
) -> None:
    for draft in (a_draft("r1", size_bytes=4), a_draft("r1", md5="0" * 32)):
        with pytest.raises(TornReadError):
            store(world, sealer, draft, b"one")
    assert list(world.vault.names(LIFE)) == []


def test_a_content_that_breaks_off_is_not_stored(world: World, sealer: Sealer) -> None:
    """T26: a truncated ciphertext must never become an object."""

    def breaking() -> Iterator[bytes]:
        yield LARGE
        raise UnavailableError("the line broke")

    with pytest.raises(UnavailableError):
        world.vault.store(
            a_draft("r1"),
            breaking,
            sealer=sealer,
            base=None,
            latest=None,
            deadline=world.now() + HOUR,
        )
    assert list(world.vault.names(LIFE)) == []


def test_nothing_is_stored_past_the_deadline(world: World, sealer: Sealer) -> None:
    """A writer that outlives its time must not write into an epoch that is being swept."""
    with pytest.raises(DeadlineError):
        world.vault.store(
            a_draft("r1"),
            lambda: pieces(b"one"),
            sealer=sealer,
            base=None,
            latest=None,
            deadline=world.now() - timedelta(seconds=1),
        )
    assert list(world.vault.names(LIFE)) == []


def test_a_small_change_is_kept_as_a_delta_of_its_base(world: World, sealer: Sealer) -> None:
    base = store(world, sealer, promised("r1", LARGE), LARGE)
    draft = promised("r2", CHANGED, number=1)
    delta = store(world, sealer, draft, CHANGED, base=base, latest=base)
    assert (delta.kind, delta.base, delta.depth) == (Kind.DELTA, base.name, 1)
    assert (delta.series, delta.number) == (0, 1)
    assert read(world, sealer, delta.name) == CHANGED


def test_a_change_that_gains_nothing_is_kept_whole_in_the_next_series(
    world: World, sealer: Sealer
) -> None:
    base = store(world, sealer, promised("r1", LARGE), LARGE)
    other = random.Random(3).randbytes(100_000)
    version = store(world, sealer, promised("r2", other, number=1), other, base=base, latest=base)
    assert (version.kind, version.base, version.depth) == (Kind.FULL, None, 0)
    assert (version.series, version.number) == (1, 0)
    assert read(world, sealer, version.name) == other


def test_a_chain_of_deltas_reads_back_every_link(world: World, sealer: Sealer) -> None:
    contents = [LARGE, CHANGED]
    contents += [CHANGED[:number] + b"!" * 500 + CHANGED[number:] for number in (10, 5000, 30_000)]
    chained: list[Version] = []
    for number, data in enumerate(contents):
        base = chained[-1] if chained else None
        draft = promised(f"r{number}", data, number=number)
        chained.append(store(world, sealer, draft, data, base=base, latest=base))
    assert [version.depth for version in chained] == [0, 1, 2, 3, 4]
    assert [read(world, sealer, version.name) for version in chained] == contents


def test_the_content_of_the_latest_version_is_kept_as_a_mere_reference(
    world: World, sealer: Sealer
) -> None:
    latest = store(world, sealer, promised("r1", LARGE), LARGE)
    same = store(world, sealer, promised("r2", LARGE), LARGE, latest=latest)
    again = store(world, sealer, promised("r3", LARGE), LARGE, latest=same)
    assert [same.kind, again.kind] == [Kind.SAME, Kind.SAME]
    assert same.stored_bytes < 2000
    assert read(world, sealer, same.name) == read(world, sealer, again.name) == LARGE
    assert (again.sha256, again.size_bytes) == (latest.sha256, latest.size_bytes)


def test_a_reference_says_how_many_objects_must_be_read_for_it(
    world: World, sealer: Sealer
) -> None:
    latest = store(world, sealer, promised("r1", LARGE), LARGE)
    for number in range(2, 6):
        draft = promised(f"r{number}", LARGE)
        latest = store(world, sealer, draft, LARGE, latest=latest)
        assert latest.depth == 1


def test_a_base_that_is_damaged_is_done_without(world: World, sealer: Sealer) -> None:
    """No version may depend on bytes that cannot be read."""
    base = store(world, sealer, promised("r1", LARGE), LARGE)
    world.damage(base.name)
    version = store(
        world, sealer, promised("r2", CHANGED, number=1), CHANGED, base=base, latest=base
    )
    assert version.base is None
    assert read(world, sealer, version.name) == CHANGED


def test_damaged_bytes_are_never_given_out_as_good(world: World, sealer: Sealer) -> None:
    version = store(world, sealer, promised("r1", LARGE), LARGE)
    world.damage(version.name)
    with pytest.raises(CorruptError):
        read(world, sealer, version.name)


def test_what_was_never_stored_is_not_found(world: World, sealer: Sealer) -> None:
    name = a_draft("never").name
    with pytest.raises(NotFoundError):
        world.vault.version(name, sealer=sealer)
    with pytest.raises(NotFoundError):
        read(world, sealer, name)


def test_the_keyset_of_another_epoch_opens_nothing(world: World, sealer: Sealer) -> None:
    """A keyset is one epoch's: what it sealed dies with it."""
    version = store(world, sealer, a_draft("r1"), b"one")
    second = a_life(epoch=2)
    world.keys.create(second)
    other = world.keys.unwrap(second)
    with pytest.raises(CorruptError):
        world.vault.version(version.name, sealer=other)
    with pytest.raises(CorruptError):
        read(world, other, version.name)


def test_the_names_of_an_epoch_are_all_its_versions_and_no_others(
    world: World, sealer: Sealer
) -> None:
    tenth = a_life(epoch=10)
    world.keys.create(tenth)
    theirs = store(world, world.keys.unwrap(tenth), a_draft("r1", tenth), b"x")
    odd = [FileId("plain"), FileId("a/b"), FileId("..%2F ü")]
    ours = {
        store(world, sealer, a_draft(revision, file_id=file_id), b"x").name
        for file_id in odd
        for revision in ("r1", "r2")
    }
    assert set(world.vault.names(LIFE)) == ours
    assert set(world.vault.names(tenth)) == {theirs.name}
    assert ours == {
        version_name(LIFE, file_id, RevisionId(revision))
        for file_id in odd
        for revision in ("r1", "r2")
    }
