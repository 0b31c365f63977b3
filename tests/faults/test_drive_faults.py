"""What Drive answers when it does not answer well, through the real adapters and the steps."""

import threading
from collections.abc import Callable

import pytest

from custody.domain.drive import DriveFile, Unreadable
from custody.domain.vault import FileId, Holding
from custody.errors import (
    RateLimitedError,
    RefusedError,
    RetryableError,
    TornReadError,
    UnavailableError,
)
from faults.people import ADDRESS
from faults.rig import Rig

READER = "reader@datasmash.example"
MIB = 1 << 20
CONTENT = b"id,amount\n1,20\n"
LONG = bytes(range(256)) * (3 * MIB // 256)


@pytest.fixture
def file(rig: Rig, holding: Holding) -> DriveFile:
    """A file that nobody captured yet."""
    return rig.upload(holding, "deals.csv", CONTENT)


@pytest.fixture
def reader(rig: Rig) -> Rig:
    """The same rig, where READER may read the shared drive and no more."""
    rig.share(rig.as_person(), FileId(rig.settings["CUSTODY_DRIVE_ID"]), READER, "reader")
    return rig


def counted(rig: Rig, method: str, match: str) -> Callable[[], int]:
    """Counts the calls that no fault met before."""
    rig.fails(method, match=match, delay_seconds=0.0, times=None)
    return lambda: int(rig.drive.faults.list()[-1]["hits"])


# Asked to slow down: 403 by reason, 429 (T15).


@pytest.mark.parametrize("status", [403, 429])
def test_a_file_that_is_throttled_once_is_asked_for_again(
    rig: Rig, holding: Holding, file: DriveFile, status: int
) -> None:
    """T15: this 403 means "slow down", and no more than that."""
    rig.fails("drive.files.get", match=file.file_id, status=status, reason="userRateLimitExceeded")
    rig.capture(holding, file.file_id)
    assert rig.hits() == 1
    assert rig.contents(holding, file.file_id) == [CONTENT]


@pytest.mark.parametrize("reason", ["userRateLimitExceeded", "rateLimitExceeded"])
def test_throttling_that_does_not_end_fails_the_delivery_and_is_no_missed_content(
    rig: Rig, holding: Holding, file: DriveFile, reason: str
) -> None:
    """T15: a quota is a reason to come back, never to note a file as not captured."""
    rig.fails("batch", status=403, reason=reason, times=None)
    with pytest.raises(RateLimitedError):
        rig.capture(holding, file.file_id)
    assert rig.reasons(holding, file.file_id) == []
    rig.calm_down()
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [CONTENT]


def test_throttled_content_is_retried_and_then_left_to_the_redelivery(
    rig: Rig, holding: Holding, file: DriveFile
) -> None:
    """T15: the adapter's own retries end; the message comes again."""
    rig.fails("drive.revisions.get", status=403, reason="userRateLimitExceeded", times=None)
    with pytest.raises(RateLimitedError):
        rig.capture(holding, file.file_id)
    assert rig.hits() > 3
    assert (rig.stored(holding.life), rig.reasons(holding, file.file_id)) == ([], [])
    rig.calm_down()
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [CONTENT]


# Refused for good: 403 by other reasons (T15).


@pytest.mark.parametrize(
    "reason",
    ["insufficientFilePermissions", "cannotDownloadFile", "cannotDownloadAbusiveFile"],
)
def test_a_refused_content_is_asked_for_once_and_noted(
    rig: Rig, holding: Holding, file: DriveFile, reason: str
) -> None:
    """T15: a refusal is never retried; what we cannot have is said, with the reason."""
    rig.fails("drive.revisions.get", match=file.file_id, status=403, reason=reason, times=None)
    rig.capture(holding, file.file_id)
    assert rig.hits() == 1
    (why,) = rig.reasons(holding, file.file_id)
    assert reason in why
    rig.calm_down()
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [CONTENT]
    assert rig.reasons(holding, file.file_id) == []


def test_a_file_that_drive_takes_for_malware_is_noted_as_not_captured(
    rig: Rig, holding: Holding, file: DriveFile
) -> None:
    """T15: only the owner may acknowledge abuse, so the content cannot be had at all."""
    rig.flag(file.file_id, flag="abuse")
    rig.capture(holding, file.file_id)
    assert "cannotDownloadAbusiveFile" in rig.reasons(holding, file.file_id)[0]
    assert rig.stored(holding.life) == []


def test_a_file_that_readers_may_not_download_is_noted_without_a_try(rig: Rig) -> None:
    """T15: `copyRequiresWriterPermission` shows in the file's capabilities."""
    customer = rig.as_person(ADDRESS)
    folder = rig.shared_folder(customer)
    holding = rig.open(folder=folder)
    body = {"name": "x.csv", "parents": [folder], "copyRequiresWriterPermission": True}
    file_id = rig.make(customer, body, CONTENT)
    rig.fails("drive.files.get", match="alt=media", status=403, times=None)
    rig.capture(holding, file_id)
    assert rig.hits() == 0
    assert rig.reasons(holding, file_id) == ["the owner forbids downloading"]


# Exports (T9).


def a_sheet(rig: Rig, holding: Holding) -> FileId:
    return rig.native(holding, "spreadsheet", "numbers", b"a,b\n1,2\n")


def test_an_export_past_the_limit_is_fetched_as_a_download(rig: Rig, holding: Holding) -> None:
    """T9: files.export ends at 10 MB; files.download does not."""
    sheet = a_sheet(rig, holding)
    rig.flag(sheet, exportSize=11 * MIB)
    rig.capture(holding, sheet)
    (version,) = rig.history(holding, sheet).versions
    assert version.size_bytes > 10 * MIB
    assert len(rig.read(version)) == version.size_bytes


def test_an_export_larger_than_memory_allows_is_noted_as_not_captured(
    rig: Rig, holding: Holding
) -> None:
    """T9: never silently."""
    sheet = a_sheet(rig, holding)
    rig.flag(sheet, exportSize=65 * MIB)
    rig.capture(holding, sheet)
    assert rig.reasons(holding, sheet)
    assert rig.stored(holding.life) == []


def test_an_export_that_is_refused_is_noted_and_looked_at_again_when_it_changes(
    rig: Rig, holding: Holding
) -> None:
    sheet = a_sheet(rig, holding)
    rig.fails("drive.files.export", status=403, reason="cannotExportFile")
    rig.capture(holding, sheet)
    assert "cannotExportFile" in rig.reasons(holding, sheet)[0]
    rig.change(rig.as_person(), sheet, b"a,b\n1,3\n")
    rig.capture(holding, sheet)
    assert len(rig.history(holding, sheet).versions) == 1


def test_an_export_that_fails_is_tried_again(rig: Rig, holding: Holding) -> None:
    sheet = a_sheet(rig, holding)
    rig.fails("drive.files.export", status=500)
    rig.capture(holding, sheet)
    assert len(rig.history(holding, sheet).versions) == 1


# Gone: 404 (T6, T10).


def test_a_file_that_is_gone_is_a_lost_source_and_its_versions_stay(
    rig: Rig, holding: Holding, file: DriveFile
) -> None:
    """T6: not an order to erase."""
    rig.capture(holding, file.file_id)
    rig.fails("drive.files.get", match=file.file_id, status=404, reason="notFound")
    rig.capture(holding, file.file_id)
    assert rig.history(holding, file.file_id).lost
    assert rig.contents(holding, file.file_id) == [CONTENT]
    rig.capture(holding, file.file_id)
    assert rig.history(holding, file.file_id).lost is None


def test_an_older_revision_that_is_purged_while_it_is_read_is_missed_and_the_head_kept(
    rig: Rig, holding: Holding, file: DriveFile
) -> None:
    """T10: Drive may drop any revision but the head at any moment."""
    newer = rig.upload(holding, "deals.csv", CONTENT * 2)
    rig.fails("drive.revisions.get", match=str(file.head), status=404, reason="notFound")
    rig.capture(holding, file.file_id)
    (gap,) = rig.history(holding, file.file_id).missed
    assert (gap.revision, rig.contents(holding, newer.file_id)) == (file.head, [CONTENT * 2])


def test_a_head_that_vanishes_while_it_is_read_is_looked_at_anew(
    rig: Rig, holding: Holding, file: DriveFile
) -> None:
    rig.fails("drive.revisions.get", match=str(file.head), status=404, reason="notFound")
    with pytest.raises(RetryableError):
        rig.capture(holding, file.file_id)
    assert rig.reasons(holding, file.file_id) == []
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [CONTENT]


# Errors of the server, and of the line.


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_content_that_fails_for_a_while_is_read_in_the_same_delivery(
    rig: Rig, holding: Holding, file: DriveFile, status: int
) -> None:
    rig.fails("drive.revisions.get", status=status, times=2)
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [CONTENT]


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 500}, {"status": 401}])
def test_a_description_that_fails_leaves_everything_to_the_redelivery(
    rig: Rig, holding: Holding, file: DriveFile, fault: dict[str, int]
) -> None:
    rig.fails("batch", **fault)
    with pytest.raises(UnavailableError):
        rig.capture(holding, file.file_id)
    assert (rig.stored(holding.life), rig.reasons(holding, file.file_id)) == ([], [])
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [CONTENT]


def test_a_torn_content_is_taken_up_where_it_broke(rig: Rig, holding: Holding) -> None:
    """T31: resumed by range; the version is whole."""
    file = rig.upload(holding, "long.bin", LONG)
    rig.fails("drive.revisions.get", cut="body", times=3)
    rest = counted(rig, "drive.revisions.get", file.file_id)
    rig.capture(holding, file.file_id)
    assert rest() == 1
    assert rig.contents(holding, file.file_id) == [LONG]


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("method", ["batch", "drive.revisions.get"])
def test_a_cut_line_loses_nothing(
    rig: Rig, holding: Holding, file: DriveFile, method: str, cut: str
) -> None:
    rig.fails(method, cut=cut)
    rig.capture(holding, file.file_id)
    assert rig.hits() == 1
    assert rig.contents(holding, file.file_id) == [CONTENT]


def test_a_slow_answer_is_waited_for(rig: Rig, holding: Holding, file: DriveFile) -> None:
    rig.fails("drive.revisions.get", delay_seconds=0.3)
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [CONTENT]


def test_wrong_bytes_are_not_stored(rig: Rig, holding: Holding, file: DriveFile) -> None:
    """Size and checksum must match before the last byte of the upload is sent."""
    rig.fails("drive.revisions.get", match=file.file_id, corrupt=True)
    with pytest.raises(TornReadError):
        rig.capture(holding, file.file_id)
    assert (rig.stored(holding.life), rig.reasons(holding, file.file_id)) == ([], [])
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [CONTENT]


def test_wrong_bytes_are_never_taken_for_the_same_content(
    rig: Rig, holding: Holding, file: DriveFile
) -> None:
    rig.capture(holding, file.file_id)
    rig.upload(holding, "deals.csv", CONTENT)
    rig.fails("drive.revisions.get", corrupt=True)
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [CONTENT, CONTENT]


@pytest.mark.parametrize("fault", [{}, {"cut": "after"}, {"status": 503}])
def test_a_file_of_several_chunks_goes_up_whole(
    rig: Rig, holding: Holding, fault: dict[str, str | int]
) -> None:
    """T31: chunks of 8 MiB; Drive answers 308 to all but the last."""
    content = LONG * 6
    if fault:
        rig.fails("drive.files.create", skip=1, **fault)
    file = rig.upload(holding, "large.bin", content)
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [content]


def test_a_file_goes_up_beside_a_form_of_its_name(rig: Rig, holding: Holding) -> None:
    """T8: a name is no key; only a file of that name gets another revision."""
    rig.native(holding, "form", "deals.csv")
    file = rig.upload(holding, "deals.csv", CONTENT)
    again = rig.upload(holding, "deals.csv", CONTENT * 2)
    assert file.file_id == again.file_id


# Many files at once.


def test_one_failing_file_does_not_hold_up_the_others(rig: Rig, holding: Holding) -> None:
    files = [rig.upload(holding, f"{n}.csv", b"%d" % n) for n in range(3)]
    bad = files[1]
    rig.fails("drive.revisions.get", match=bad.file_id, status=503, times=None)
    with pytest.raises(UnavailableError):
        rig.capture(holding, *(one.file_id for one in files))
    assert [len(rig.contents(holding, one.file_id)) for one in files] == [1, 0, 1]
    rig.calm_down()
    rig.capture(holding, *(one.file_id for one in files))
    assert [rig.contents(holding, one.file_id) for one in files] == [[b"0"], [b"1"], [b"2"]]


def test_the_parts_of_a_batch_have_outcomes_of_their_own(rig: Rig, holding: Holding) -> None:
    files = [rig.upload(holding, f"{n}.csv", b"%d" % n) for n in range(5)]
    slow, broken, gone, refused, fine = [one.file_id for one in files]
    rig.fails("drive.files.get", match=slow, status=403, reason="rateLimitExceeded")
    rig.fails("drive.revisions.list", match=broken, status=500)
    rig.fails("drive.files.get", match=gone, status=404, reason="notFound")
    rig.fails("drive.files.get", match=refused, status=403, reason="insufficientFilePermissions")
    shown = rig.world.drive.describe([one.file_id for one in files])
    assert list(shown) != []
    assert {one for one, file in shown.items() if isinstance(file, Unreadable)} == {gone, refused}
    assert all(isinstance(shown[one], DriveFile) for one in (slow, broken, fine))


def test_a_file_that_is_throttled_is_not_taken_for_one_without_a_history(
    rig: Rig, holding: Holding, file: DriveFile
) -> None:
    """A list of revisions that failed is asked for again; it is not a missing right."""
    rig.upload(holding, "deals.csv", CONTENT * 2)
    rig.fails("drive.revisions.list", match=file.file_id, status=403, reason="rateLimitExceeded")
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [CONTENT, CONTENT * 2]


# Listings (T7).


def test_an_incomplete_listing_is_an_error_and_no_absence(
    rig: Rig, holding: Holding, file: DriveFile
) -> None:
    """T7: what a listing leaves out is not gone."""
    rig.capture(holding, file.file_id)
    rig.touched()
    rig.fails("incompleteSearch", match=holding.folder_id, drop=True)
    with pytest.raises(UnavailableError):
        list(rig.world.drive.children(holding.folder_id))
    rig.fails("incompleteSearch", match=holding.folder_id, drop=True)
    with pytest.raises(UnavailableError):
        rig.reconcile()
    assert rig.touched()[file.file_id] == 0
    assert rig.history(holding, file.file_id).lost is None


# Readers see files without their history.


def test_a_reader_captures_the_head_alone(reader: Rig, holding: Holding, file: DriveFile) -> None:
    """`capture` is a reader of the drive; revisions are shown to editors only."""
    world = reader.world_with(CUSTODY_SUBJECT=READER)
    reader.upload(holding, "deals.csv", CONTENT * 2)
    reader.capture(holding, file.file_id, world=world)
    assert reader.contents(holding, file.file_id) == [CONTENT * 2]
    reader.upload(holding, "deals.csv", CONTENT * 3)
    reader.capture(holding, file.file_id, world=world)
    assert reader.contents(holding, file.file_id) == [CONTENT * 2, CONTENT * 3]


def test_a_file_that_a_reader_reads_while_it_is_edited_does_not_mix(
    reader: Rig, holding: Holding, file: DriveFile
) -> None:
    """Without revisions the content is the present one, which may be newer than what was shown."""
    world = reader.world_with(CUSTODY_SUBJECT=READER)
    reader.fails("drive.files.get", match="alt=media", delay_seconds=1.0)
    edit = threading.Timer(0.4, reader.upload, (holding, "deals.csv", CONTENT * 2))
    edit.start()
    with pytest.raises(TornReadError):
        reader.capture(holding, file.file_id, world=world)
    edit.join()
    assert reader.stored(holding.life) == []
    reader.capture(holding, file.file_id, world=world)
    assert reader.contents(holding, file.file_id) == [CONTENT * 2]


def test_a_refusal_of_one_kind_is_one_of_ours(rig: Rig, holding: Holding, file: DriveFile) -> None:
    """Nothing of the client library escapes the adapter."""
    shown = rig.world.drive.describe([file.file_id])[file.file_id]
    assert isinstance(shown, DriveFile)
    rig.fails("drive.revisions.get", status=403, reason="domainPolicy")
    with pytest.raises(RefusedError, match="domainPolicy"):
        list(rig.world.drive.content(shown, shown.revisions[0].revision))
