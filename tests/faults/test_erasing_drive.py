"""Erasing the copy in Drive when Drive answers badly, and when people are in the way."""

import uuid
from dataclasses import dataclass, replace
from typing import Any

import pytest

from custody.adapters.copies.notices import LIFE, NAME, TEXTS
from custody.adapters.drive_api import DriveApi
from custody.domain.drive import FOLDER, DriveFile
from custody.domain.drive_fates import file_of
from custody.domain.erasure import ErasureId, Fate, Target, Thing
from custody.domain.vault import FileHistory, FileId, Holding, HoldingState
from custody.errors import (
    NotFoundError,
    RateLimitedError,
    RefusedError,
    RetryableError,
    UnavailableError,
)
from faults.people import ADDRESS
from faults.rig import Rig
from localcloud.environment import IDENTITY
from worlds.drive_copy import Bench
from worlds.drive_copy_local import local_bench

AGENCY = "agency@elsewhere.example"
RATE = "userRateLimitExceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """A holding under erasure: its target, those who erase it, and the rig around."""

    rig: Rig
    bench: Bench
    target: Target
    drive_id: FileId

    def know(self, *files: FileId) -> None:
        """These were seen in the epoch."""
        life = self.target.life
        sealer = self.rig.world.keys.unwrap(life)
        for file_id in files:
            history = FileHistory(life=life, file_id=file_id)
            self.rig.world.index.write(history, stamp=0, sealer=sealer)

    def shows(self, file_id: FileId) -> bool:
        return isinstance(self.rig.world.drive.describe([file_id])[file_id], DriveFile)

    def things(self, *fates: Fate) -> list[Thing]:
        found = self.bench.store.find(self.target, "")
        return [one for one in found.things if one.fate in fates]

    def remaining(self) -> int:
        return self.bench.witness.remaining(self.target, "", None)


def erasing(rig: Rig, holding: Holding, identity: str = IDENTITY) -> Erasing:
    """The holding closed, as after its fence, in the hands of somebody."""
    rig.world.registry.save_holding(replace(holding, state=HoldingState.CLOSED))
    drive_id = FileId(rig.settings["CUSTODY_DRIVE_ID"])
    bench = local_bench(rig.world, drive_id, identity)
    target = Target(
        erasure=ErasureId(f"e-{uuid.uuid4().hex[:20]}"),
        life=holding.life,
        folder_id=holding.folder_id,
        adopted=holding.adopted,
    )
    return Erasing(rig=rig, bench=bench, target=target, drive_id=drive_id)


@pytest.fixture
def ours(rig: Rig, holding: Holding) -> Erasing:
    return erasing(rig, holding)


@pytest.fixture
def customer(rig: Rig) -> DriveApi:
    return rig.as_person(ADDRESS)


@pytest.fixture
def theirs(rig: Rig, customer: DriveApi) -> Erasing:
    """A holding whose folder the customer owns and shares with us."""
    return erasing(rig, rig.open(folder=rig.shared_folder(customer)))


def a_file(one: Erasing, name: str = "deals.csv", *, api: DriveApi | None = None) -> FileId:
    """A file in the holding's folder that was seen in the epoch."""
    assert one.target.folder_id
    body = {"name": name, "parents": [one.target.folder_id]}
    file_id = one.rig.make(api or one.rig.as_person(), body, b"x")
    one.know(file_id)
    return file_id


# Asked to slow down, or failing for a while (T15).


@pytest.mark.parametrize(
    "fault", [{"status": 403, "reason": RATE}, {"status": 429}, {"status": 500}]
)
@pytest.mark.parametrize("method", ["drive.files.get", "drive.files.delete"])
def test_a_part_of_a_batch_that_fails_once_is_asked_again(
    rig: Rig, ours: Erasing, method: str, fault: dict[str, Any]
) -> None:
    """T15: this 403 means "slow down", and an error of the server is no answer at all."""
    files = [a_file(ours, f"{n}.csv") for n in range(3)]
    rig.fails(method, match=files[1], **fault)
    assert {one.fate for one in ours.bench.sweep(ours.target)} == {Fate.DELETE}
    assert rig.hits() == 1
    assert [one for one in files if ours.shows(one)] == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 403, "reason": RATE}, RateLimitedError),
        ({"status": 503}, UnavailableError),
    ],
)
def test_what_keeps_failing_is_left_to_the_redelivery_and_never_taken_for_gone(
    rig: Rig, ours: Erasing, fault: dict[str, Any], error: type[RetryableError]
) -> None:
    """T7: whoever gets no answer knows nothing."""
    file_id = a_file(ours)
    rig.fails("drive.files.get", match=file_id, times=None, **fault)
    with pytest.raises(error):
        ours.bench.store.find(ours.target, "")
    with pytest.raises(error):
        ours.remaining()
    rig.calm_down()
    things = ours.things(Fate.DELETE)
    rig.fails("drive.files.delete", match=file_id, times=None, **fault)
    with pytest.raises(error):
        ours.bench.store.delete(ours.target, things)
    assert ours.remaining() == 2
    rig.calm_down()
    ours.bench.sweep(ours.target)
    assert ours.remaining() == 0


# Refused for good (T15).


def test_a_deletion_that_drive_forbids_is_a_refusal_and_not_a_success(
    rig: Rig, ours: Erasing
) -> None:
    """T15: this 403 means "never"; the file is there, and a person has to know."""
    file_id, other = a_file(ours), a_file(ours, "other.csv")
    things = ours.things(Fate.DELETE)
    rig.fails("drive.files.delete", match=file_id, status=403, reason="insufficientFilePermissions")
    with pytest.raises(RefusedError):
        ours.bench.store.delete(ours.target, things)
    assert rig.hits() == 1
    assert (ours.shows(file_id), ours.shows(other)) == (True, False)


def test_a_file_that_drive_does_not_describe_is_not_taken_for_gone(rig: Rig, ours: Erasing) -> None:
    """T12: only 404 means gone."""
    file_id = a_file(ours)
    rig.fails(
        "drive.files.get", match=file_id, status=403, reason="accessNotConfigured", times=None
    )
    with pytest.raises(RefusedError):
        ours.bench.store.find(ours.target, "")
    with pytest.raises(RefusedError):
        ours.remaining()


def test_a_stranger_to_our_drive_does_not_take_all_of_it_for_gone(
    rig: Rig, holding: Holding
) -> None:
    """T12: who would not see a file learns nothing from a 404."""
    stranger = erasing(rig, holding, "stranger@datasmash.example")
    a_file(stranger, api=rig.as_person())
    for look in (
        lambda: stranger.bench.store.close(stranger.target),
        lambda: stranger.bench.store.find(stranger.target, ""),
        stranger.remaining,
    ):
        with pytest.raises(RefusedError, match="organizer"):
            look()


# Answers that say less, or more, than is true (T7, T12).


def test_an_incomplete_listing_is_no_listing(rig: Rig, ours: Erasing) -> None:
    """T7: neither for whoever deletes, nor for the witness, nor before an owner is told."""
    for look in (lambda: ours.bench.store.find(ours.target, ""), ours.remaining):
        rig.fails("incompleteSearch", match="in+parents", drop=True)
        with pytest.raises(UnavailableError):
            look()
    rig.fails("incompleteSearch", match="appProperties", drop=True)
    with pytest.raises(UnavailableError):
        ours.bench.store.close(ours.target)


def test_a_deletion_without_effect_is_noticed_and_done_again(rig: Rig, ours: Erasing) -> None:
    """T12: the answer is no evidence."""
    a_file(ours)
    things = ours.things(Fate.DELETE)
    rig.fails("withoutEffect", match="files.delete", drop=True)
    with pytest.raises(UnavailableError):  # the folder is not empty, against what was answered
        ours.bench.store.delete(ours.target, things)
    assert ours.remaining() == 2
    ours.bench.sweep(ours.target)


def test_access_that_drive_says_it_ended_and_did_not_is_noticed_by_the_witness(
    rig: Rig, theirs: Erasing
) -> None:
    """T12: permissions.delete may answer 204 without effect; the owner is told once in all."""
    a_file(theirs, api=rig.as_person(ADDRESS))
    for remaining in (2, 0):
        things = theirs.things(Fate.RELINQUISH)
        assert [file_of(one.name) for one in things] == [theirs.target.folder_id]
        if remaining:
            rig.fails("withoutEffect", match="permissions.delete", drop=True)
        theirs.bench.store.delete(theirs.target, things)
        assert theirs.remaining() == remaining
    assert theirs.bench.hands.mails() == [(ADDRESS, TEXTS[Fate.RELINQUISH])]


def test_access_that_is_not_ours_to_end_is_a_refusal(rig: Rig, theirs: Erasing) -> None:
    """Shared through a group, say: there is no permission of our own, and we see it still."""
    things = theirs.things(Fate.RELINQUISH)
    rig.fails("drive.permissions.delete", status=404, reason="notFound", times=None)
    with pytest.raises(RefusedError, match="group"):
        theirs.bench.store.delete(theirs.target, things)


def test_write_access_that_does_not_end_keeps_the_round_from_beginning(
    rig: Rig, ours: Erasing
) -> None:
    """T12."""
    assert ours.target.folder_id
    ours.bench.hands.let_in(ours.target.folder_id, AGENCY)
    rig.fails("withoutEffect", match="permissions.delete", drop=True)
    with pytest.raises(UnavailableError):
        ours.bench.store.close(ours.target)
    ours.bench.store.close(ours.target)
    assert ours.bench.hands.guests(ours.target.folder_id) == set()


@pytest.mark.parametrize("cut", ["before", "after"])
def test_an_answer_that_is_lost_is_no_error_the_next_time(
    rig: Rig, ours: Erasing, cut: str
) -> None:
    """T27: what was deleted already answers 404."""
    files = [a_file(ours, f"{n}.csv") for n in range(3)]
    things = ours.things(Fate.DELETE)
    # After the look at the files and at the folders above; the client tries twice by itself.
    rig.fails("batch", cut=cut, skip=2, times=2)
    with pytest.raises(UnavailableError):
        ours.bench.store.delete(ours.target, things)
    assert [ours.shows(one) for one in files] == [cut == "before"] * 3
    ours.bench.store.delete(ours.target, things)
    assert ours.remaining() == 0


def test_a_folder_whose_listing_is_not_found_is_not_taken_for_empty(
    rig: Rig, ours: Erasing
) -> None:
    """T7: deleting it would delete what nobody looked at."""
    assert ours.target.folder_id
    things = ours.things(Fate.DELETE)
    late = rig.make(rig.as_person(), {"name": "late", "parents": [ours.target.folder_id]}, b"x")
    rig.fails("drive.files.list", match=ours.target.folder_id, status=404, reason="notFound")
    ours.bench.store.delete(ours.target, things)
    assert ours.shows(late)
    ours.bench.sweep(ours.target)
    assert not ours.shows(late)


def test_what_is_moved_into_another_holding_between_look_and_deletion_stays(
    rig: Rig, ours: Erasing
) -> None:
    file_id, other = a_file(ours), rig.open()
    things = ours.things(Fate.DELETE)
    rig.change(
        rig.as_person(),
        file_id,
        addParents=other.folder_id,
        removeParents=ours.target.folder_id,
    )
    ours.bench.store.delete(ours.target, things)
    assert ours.shows(file_id)
    assert [one.fate for one in ours.bench.sweep(ours.target)] == [Fate.KEEP]


def test_a_file_whose_folder_drive_does_not_show_is_not_judged(rig: Rig, ours: Erasing) -> None:
    """It may lie in another holding: whoever does not know where deletes nothing."""
    file_id, other = a_file(ours), rig.open()
    rig.change(
        rig.as_person(),
        file_id,
        addParents=other.folder_id,
        removeParents=ours.target.folder_id,
    )
    rig.fails("drive.files.get", match=other.folder_id, status=404, reason="notFound", times=2)
    with pytest.raises(UnavailableError):
        ours.bench.store.find(ours.target, "")
    assert Fate.KEEP in {one.fate for one in ours.bench.sweep(ours.target)}
    assert ours.shows(file_id)


def test_hundreds_of_files_in_many_folders_go_in_pages(rig: Rig, ours: Erasing) -> None:
    operator, above = rig.as_person(), ours.target.folder_id
    for _ in range(12):
        above = rig.make(operator, {"name": "deeper", "mimeType": FOLDER, "parents": [above]})
        for n in range(20):
            rig.make(operator, {"name": f"{n}", "parents": [above]}, b"x")
    for n in range(170):
        a_file(ours, f"{n}.csv")
    assert ours.bench.store.find(ours.target, "").last
    assert len(ours.bench.sweep(ours.target)) == 170 + 12 * 21 + 1


# Other people's folders and drives.


def test_what_we_put_into_a_customers_folder_is_ours_and_deleted(
    rig: Rig, customer: DriveApi
) -> None:
    folder = rig.shared_folder(customer, role="writer")
    one = erasing(rig, rig.open(folder=folder))
    put, own = a_file(one), a_file(one, api=customer)
    met = one.bench.sweep(one.target)
    assert sorted(thing.fate for thing in met) == [Fate.DELETE, Fate.RELINQUISH]
    assert one.remaining() == 0
    with pytest.raises(NotFoundError):
        customer.call("ours", lambda s: s.files().get(fileId=put))
    assert customer.call("theirs", lambda s: s.files().get_media(fileId=own)) == b"x"


def test_a_customers_shared_drive_is_theirs_whatever_rank_they_gave_us(
    rig: Rig, customer: DriveApi
) -> None:
    """T12: we could delete there, and do not; nobody owns it, so that a person must be asked."""
    request = uuid.uuid4().hex
    drive = customer.call(
        "a drive", lambda s: s.drives().create(requestId=request, body={"name": "theirs"})
    )
    rig.share(customer, FileId(drive["id"]), IDENTITY, "organizer")
    folder = rig.make(customer, {"name": "x", "mimeType": FOLDER, "parents": [drive["id"]]})
    one = erasing(rig, rig.open(folder=folder))
    file_id = a_file(one, api=customer)
    things = one.bench.store.find(one.target, "").things
    assert [thing.fate for thing in things] == [Fate.ASK_OWNER, Fate.ASK_OWNER]
    with pytest.raises(RefusedError, match="who owns"):
        one.bench.store.delete(one.target, things)
    assert one.shows(file_id)


def test_a_guest_of_a_shared_drive_tells_whoever_shared_it(rig: Rig, customer: DriveApi) -> None:
    request = uuid.uuid4().hex
    drive = customer.call(
        "a drive", lambda s: s.drives().create(requestId=request, body={"name": "theirs"})
    )
    folder = rig.make(customer, {"name": "x", "mimeType": FOLDER, "parents": [drive["id"]]})
    rig.share(customer, folder, IDENTITY, "reader")
    one = erasing(rig, rig.open(folder=folder))
    assert [thing.fate for thing in one.bench.sweep(one.target)] == [Fate.RELINQUISH]
    assert one.bench.hands.mails() == [(ADDRESS, TEXTS[Fate.RELINQUISH])]


def test_files_that_several_people_share_are_given_up_one_by_one_and_each_is_told(
    rig: Rig, ours: Erasing, customer: DriveApi
) -> None:
    """Captured once, and moved out of our drive since, or shared from the beginning."""
    agency = rig.as_person(AGENCY)
    for owner in (customer, agency, agency):
        file_id = rig.make(owner, {"name": "deals.csv"}, b"x")
        rig.share(owner, file_id, IDENTITY, "reader")
        ours.know(file_id)
    met = ours.bench.sweep(ours.target)
    assert [one.fate for one in met] == [Fate.RELINQUISH] * 3 + [Fate.DELETE]
    assert sorted(to for to, _ in ours.bench.hands.mails()) == [AGENCY, ADDRESS]


# Telling owners.


def test_a_notice_names_nobody_and_is_shared_with_the_owner_alone(
    rig: Rig, theirs: Erasing
) -> None:
    """T24: the address stands in no record of ours but the share itself."""
    theirs.bench.sweep(theirs.target)
    (notice,) = notices(theirs)
    assert notice["name"] == NAME
    assert notice["appProperties"] == {
        "custody-erasure": theirs.target.erasure,
        "custody-source": theirs.target.life.source,
        "custody-epoch": "1",
        "custody-fate": "relinquish",
    }
    assert theirs.bench.hands.guests(FileId(notice["id"])) == {ADDRESS}
    content = rig.as_person(ADDRESS).call(
        "a notice", lambda s: s.files().get_media(fileId=notice["id"], supportsAllDrives=True)
    )
    assert content.decode() == TEXTS[Fate.RELINQUISH]


def test_a_notice_lives_for_thirty_days_and_who_has_not_acted_is_asked_again(
    rig: Rig, theirs: Erasing
) -> None:
    assert theirs.target.folder_id
    theirs.bench.hands.share_by_domain(theirs.target.folder_id)
    asked = (ADDRESS, TEXTS[Fate.ASK_OWNER])
    for days, times in ((0, 1), (29, 1), (2, 2)):
        rig.clock.advance(days * 86_400.0)
        assert {one.fate for one in theirs.bench.round(theirs.target)} == {Fate.ASK_OWNER}
        assert theirs.bench.hands.mails() == [asked] * times
    assert len(notices(theirs)) == 1
    rig.clock.advance(LIFE.total_seconds() + 1)
    theirs.bench.store.close(theirs.target)
    assert notices(theirs) == []


def test_an_owner_who_cannot_be_told_keeps_our_access_as_it_is(rig: Rig, theirs: Erasing) -> None:
    """Before access is given up the owner is told; a drive closed to outsiders forbids it."""
    things = theirs.things(Fate.RELINQUISH)
    rig.fails("drive.permissions.create", status=403, reason="teamDriveDomainUsersOnlyRestriction")
    with pytest.raises(RefusedError):
        theirs.bench.store.delete(theirs.target, things)
    assert theirs.remaining() == 1
    theirs.bench.sweep(theirs.target)
    assert len(theirs.bench.hands.mails()) == 1


def notices(one: Erasing) -> list[dict[str, Any]]:
    found = one.rig.as_person().call(
        "notices",
        lambda s: s.files().list(
            q=f"appProperties has {{ key='custody-erasure' and value='{one.target.erasure}' }}",
            corpora="drive",
            driveId=one.drive_id,
            fields="files(id,name,appProperties)",
            includeItemsFromAllDrives=True,
            supportsAllDrives=True,
        ),
    )
    files: list[dict[str, Any]] = found["files"]
    return files


# Two identities: the organizer of our drive, whom no customer knows, and the one they share with.

ERASER = "eraser@datasmash.example"


@pytest.fixture
def apart(rig: Rig, theirs: Erasing) -> Erasing:
    """As in the cloud: who erases in our drive sees nothing of what customers own."""
    rig.share(rig.as_person(), theirs.drive_id, ERASER, "organizer")
    bench = local_bench(rig.world, theirs.drive_id, ERASER, IDENTITY)
    return replace(theirs, bench=bench)


def test_what_was_shared_with_the_role_identity_alone_is_seen_and_given_up_by_it(
    rig: Rig, apart: Erasing, customer: DriveApi
) -> None:
    """T12: a 404 to somebody who never saw it proves nothing."""
    theirs, inside = FileId(str(apart.target.folder_id)), a_file(apart, api=customer)
    assert apart.remaining() == 2
    things = apart.things(Fate.RELINQUISH)
    assert [file_of(thing.name) for thing in things] == [theirs]
    apart.bench.store.delete(apart.target, things)
    assert apart.remaining() == 0
    assert not apart.shows(theirs)
    assert not apart.shows(inside)
    assert customer.call("a file", lambda s: s.files().get(fileId=inside))["id"] == inside


def test_what_lies_in_our_drive_is_deleted_by_its_organizer_whoever_else_sees_it(
    rig: Rig, apart: Erasing
) -> None:
    file_id = rig.make(rig.as_person(), {"name": "x", "parents": [apart.drive_id]}, b"x")
    apart.know(file_id)
    (thing,) = apart.things(Fate.DELETE)
    apart.bench.store.delete(apart.target, [thing])
    assert not apart.shows(file_id)
