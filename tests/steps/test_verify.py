"""Verifying: every version is read back from both places, and what is damaged is told or mended."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from archive import FilledWorld
from custody.domain.erasure import Copy
from custody.domain.vault import ObjectName, Version
from custody.errors import UnavailableError
from custody.ports import Sealer, Versions
from custody.steps.mend import Mend
from custody.steps.restore import Result, read_histories
from custody.steps.verify import Verify, verify_versions


@pytest.fixture
def world() -> FilledWorld:
    return FilledWorld()


def a_run(world: FilledWorld, *copies: Copy, repair: bool = False) -> Verify:
    places: dict[Copy, Versions] = {Copy.VAULT: world.vault, Copy.OFFSITE: world.offsite}
    mend = Mend(
        vault=world.vault,
        offsite=world.offsite,
        disposals=world.disposals,
        publisher=world.publisher,
        clock=world.now,
    )
    return Verify(
        places={copy: places[copy] for copy in copies or (Copy.VAULT,)},
        marks=world.marks,
        clock=world.now,
        mend=mend if repair else None,
    )


def verify(world: FilledWorld, *copies: Copy, repair: bool = False) -> Counter[Result]:
    sealers = world.sealers()
    run = a_run(world, *copies, repair=repair)
    count, outcomes = verify_versions(run, sealers, read_histories(world.index, sealers))
    results = Counter(outcome.result for outcome in outcomes)
    assert results.total() == count
    return results


def copy_off_site(world: FilledWorld, *versions: Version) -> None:
    far = world.now() + timedelta(hours=1)
    for version in versions:
        world.offsite_shelf.put(world.vault_shelf.take(version.name), deadline=far)


def test_verifying_reads_every_version(world: FilledWorld) -> None:
    world.keep(b"one")
    world.keep(b"two", revision="r2")
    assert verify(world) == {Result.VERIFIED: 2}


def test_verifying_compares_with_what_the_index_knows(world: FilledWorld) -> None:
    world.keep(b"one")
    sealers = world.sealers()
    [history] = read_histories(world.index, sealers)
    other = replace(history, versions=(replace(history.versions[0], sha256="0" * 64),))
    _, outcomes = verify_versions(a_run(world), sealers, [other])
    assert [one.result for one in outcomes] == [Result.MISMATCH]


def test_verifying_finds_what_is_damaged_and_what_is_missing(world: FilledWorld) -> None:
    world.vault.damage(world.keep(b"one").name)
    world.keep(b"two", revision="r2")
    world.promise()
    assert verify(world) == {Result.MISMATCH: 2, Result.VERIFIED: 1}


def test_verifying_reads_what_the_index_forgot(world: FilledWorld) -> None:
    world.vault.damage(world.keep(b"one", indexed=False).name)
    assert verify(world) == {Result.MISMATCH: 1}


def test_a_place_that_does_not_answer_says_nothing_about_a_version(world: FilledWorld) -> None:
    kept = world.keep(b"one")

    class Silent:
        version, prove, names = world.vault.version, world.vault.prove, world.vault.names

        def content(self, name: ObjectName, *, sealer: Sealer) -> Iterator[bytes]:
            raise UnavailableError("no answer")

    run = replace(a_run(world), places={Copy.VAULT: Silent()})
    sealers = world.sealers()
    _, outcomes = verify_versions(run, sealers, read_histories(world.index, sealers))
    assert [(one.result, one.version) for one in outcomes] == [(Result.FAILED, kept.name)]


def test_a_version_is_well_only_where_both_places_have_it_whole(world: FilledWorld) -> None:
    one, two = world.keep(b"one"), world.keep(b"two", revision="r2")
    copy_off_site(world, one, two)
    assert verify(world, *_BOTH) == {Result.VERIFIED: 2}
    world.offsite.damage(two.name)
    assert verify(world, *_BOTH) == {Result.VERIFIED: 1, Result.MISMATCH: 1}


def test_a_young_version_need_not_be_off_site_yet_and_an_old_one_must(world: FilledWorld) -> None:
    world.keep(b"one")
    assert verify(world, *_BOTH) == {Result.VERIFIED: 1}
    world.advance(timedelta(hours=2))
    assert verify(world, *_BOTH) == {Result.MISMATCH: 1}


def test_what_retention_let_go_is_not_missed(world: FilledWorld) -> None:
    kept = world.keep(b"one", indexed=False)
    world.marks.put(kept.name)
    assert verify(world) == {}


def test_looking_orders_nothing_and_repairing_does(world: FilledWorld) -> None:
    kept = world.keep(b"one")
    copy_off_site(world, kept)
    world.vault.damage(kept.name)
    assert verify(world, *_BOTH) == {Result.MISMATCH: 1}
    assert world.published == []
    assert verify(world, *_BOTH, repair=True) == {Result.MISMATCH: 1}
    assert len(world.published) == 1


_BOTH = (Copy.VAULT, Copy.OFFSITE)
