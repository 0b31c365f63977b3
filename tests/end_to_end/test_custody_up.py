"""From a file in Drive to a version in the vault, through `custody up` as people run it."""

import io
import os
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from custody.domain.drive import CORPORA, FOLDER, SHORTCUT
from custody.domain.vault import Holding
from end_to_end.installation import Installation, wait_for
from faults.people import ADDRESS

CONTENT = b"id,amount\n1,20\n"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# Starting and ending.


def test_the_ready_file_says_where_everything_is(custody: Installation) -> None:
    ready = custody.ready
    assert ready["drive"].startswith("http://127.0.0.1:")
    assert ready["storage"].startswith("http://127.0.0.1:")
    assert ready["s3"].startswith("http://127.0.0.1:")
    assert ready["pubsub"].startswith("127.0.0.1:")
    assert ready["gmail"].startswith("http://127.0.0.1:")
    assert ready["smtp"].startswith("127.0.0.1:")
    assert {"CUSTODY_PROJECT", "STORAGE_EMULATOR_HOST"} <= set(ready["env"])
    assert ready["env"]["AWS_ENDPOINT_URL_S3"] == ready["env"]["AWS_ENDPOINT_URL_STS"]
    assert ready["env"]["AWS_ENDPOINT_URL_S3"] == ready["s3"]
    assert set(ready["functions"]) >= {"receive_push", "drain_changes", "capture", "reconcile"}


def test_ctrl_c_ends_everything_and_a_later_start_goes_on(tmp_path: Path) -> None:
    installed = Installation(tmp_path)
    installed.start()
    family = installed.family()
    holding = installed.open()
    first = installed.upload(holding, "x.csv", CONTENT)
    installed.expect(holding, first.file_id, CONTENT)
    assert installed.stop() == 0
    assert not [one for one in family if psutil.pid_exists(one.pid) and one.is_running()]
    installed.start()
    installed.upload(holding, "x.csv", CONTENT * 2)
    installed.expect(holding, first.file_id, CONTENT, CONTENT * 2)
    assert installed.stop() == 0


def test_a_file_is_a_version_within_two_seconds(custody: Installation, holding: Holding) -> None:
    file = custody.upload(holding, "x.csv", CONTENT)
    begun = time.monotonic()
    wait_for(lambda: custody.history(holding, file.file_id).versions)
    assert time.monotonic() - begun < 2
    custody.expect(holding, file.file_id, CONTENT)


# Power cuts.


@pytest.mark.parametrize(
    "method",
    [
        "drive.changes.list",
        "drive.revisions.get",
        "storage.objects.insert",
        "pubsub.publish",
        "nothing",
    ],
)
def test_what_was_under_way_when_the_power_went_is_captured(
    custody: Installation, holding: Holding, method: str
) -> None:
    """T19, T20: leases are released, endpoints and channels are registered anew on new ports."""
    before = custody.upload(holding, "before.csv", CONTENT)
    custody.expect(holding, before.file_id, CONTENT)
    if method != "nothing":
        custody.fails(method, delay_seconds=60.0, times=None)
    file = custody.upload(holding, "x.csv", CONTENT)
    if method != "nothing":
        wait_for(lambda: custody.hits(method))
    custody.kill()
    custody.start()
    custody.expect(holding, file.file_id, CONTENT)
    custody.expect(holding, before.file_id, CONTENT)
    later = custody.upload(holding, "later.csv", CONTENT)
    begun = time.monotonic()
    custody.expect(holding, later.file_id, CONTENT)
    assert time.monotonic() - begun < 10
    for corpus in CORPORA:
        seen = custody.world.cursors.read(corpus)
        assert seen
        assert seen.value.holder is None
        addresses = {one.address for one in custody.world.channels.all(corpus)}
        assert custody.world.push_url in addresses


def test_a_large_upload_that_was_cut_off_leaves_no_object(
    custody: Installation, holding: Holding
) -> None:
    """T26: half a version is none; the next start stores it whole."""
    content = os.urandom(9 << 20)
    custody.fails("storage.objects.insert", match="upload_id", skip=1, delay_seconds=60.0)
    body = {"name": "large.bin", "parents": [holding.folder_id]}
    file_id = custody.make(custody.as_person(), body, content)
    wait_for(lambda: custody.hits("storage.objects.insert"))
    custody.kill()
    custody.start()
    custody.expect(holding, file_id, content)
    assert len(custody.stored(holding.life)) == 1


# Files of every kind.


NAMES = (
    'it\'s "quoted" \\ and 100%.csv',
    "two\nlines\tand a tab",
    "a/b/../c",
    "😀 数据 données ﷽",
    "\u202egnp.exe \u0645\u0631\u062d\u0628\u0627",
    "n" * 255,
    ".",
    "' or name contains '",
    "no extension ",
    "NUL.csv",
)


def test_a_name_may_have_every_kind_of_character(custody: Installation, holding: Holding) -> None:
    """T8: names are no keys."""
    files = [custody.upload(holding, name, CONTENT).file_id for name in NAMES]
    for name in NAMES:
        custody.upload(holding, name, CONTENT * 2)
    for name, file_id in zip(NAMES, files, strict=True):
        custody.expect(holding, file_id, CONTENT, CONTENT * 2)
        assert custody.history(holding, file_id).versions[-1].file_name == name
    assert len(set(files)) == len(NAMES)


def test_an_empty_file_is_a_version(custody: Installation, holding: Holding) -> None:
    file = custody.upload(holding, "empty.csv", b"")
    custody.expect(holding, file.file_id, b"")
    custody.upload(holding, "empty.csv", CONTENT)
    custody.upload(holding, "empty.csv", b"")
    custody.expect(holding, file.file_id, b"", CONTENT, b"")


def test_two_files_of_one_name_are_two_files(custody: Installation, holding: Holding) -> None:
    """T8: the same name twice in a folder is legal."""
    api = custody.as_person()
    body = {"name": "same.csv", "parents": [holding.folder_id]}
    files = [custody.make(api, body, b"%d" % n) for n in range(2)]
    for number, file_id in enumerate(files):
        custody.expect(holding, file_id, b"%d" % number)


def test_a_folder_that_is_moved_in_is_captured_with_all_that_is_in_it(
    custody: Installation, holding: Holding
) -> None:
    """T4: the feed names the folder alone."""
    api = custody.as_person()
    drive = custody.ready["env"]["CUSTODY_DRIVE_ID"]
    outer = custody.make(api, {"name": "outer", "mimeType": FOLDER, "parents": [drive]})
    inner = custody.make(api, {"name": "inner", "mimeType": FOLDER, "parents": [outer]})
    file_id = custody.make(api, {"name": "x.csv", "parents": [inner]}, CONTENT)
    custody.settle()
    assert custody.contents(holding, file_id) == []
    custody.change(api, outer, addParents=holding.folder_id, removeParents=drive)
    custody.expect(holding, file_id, CONTENT)
    assert custody.history(holding, file_id).folder_path == "outer/inner"
    custody.change(api, outer, body={"trashed": True})
    wait_for(lambda: custody.history(holding, file_id).lost)
    custody.change(api, outer, body={"trashed": False})
    wait_for(lambda: not custody.history(holding, file_id).lost)


def test_a_sheet_is_captured_as_xlsx_once_for_each_change_that_shows(
    custody: Installation, holding: Holding
) -> None:
    """T9: invisible changes count too, and exports differ by their dates."""
    api = custody.as_person()
    sheet = custody.native(holding, "spreadsheet", "numbers", b"a,b\n1,2\n")
    wait_for(lambda: custody.history(holding, sheet).versions)
    custody.settle()
    history = custody.history(holding, sheet)
    (version,) = history.versions
    assert version.content_type == XLSX
    assert zipfile.ZipFile(io.BytesIO(custody.read(version))).testzip() is None
    custody.change(api, sheet, body={"properties": {"seen": "yes"}})
    wait_for(lambda: custody.history(holding, sheet).seen_version > history.seen_version)
    custody.settle()
    assert custody.history(holding, sheet).versions == (version,)
    custody.change(api, sheet, b"a,b\n1,3\n")
    wait_for(lambda: len(custody.history(holding, sheet).versions) == 2)


def test_a_form_is_listed_as_not_captured(custody: Installation, holding: Holding) -> None:
    """T9: never silently."""
    form = custody.native(holding, "form", "a form")
    wait_for(lambda: custody.reasons(holding, form))
    custody.settle()
    assert custody.reasons(holding, form) == ["Drive has no export for this type of file"]
    assert custody.stored(holding.life) == []


def test_a_shortcut_is_recorded_and_not_followed(custody: Installation, holding: Holding) -> None:
    """T11: following one may leave the customer's tree."""
    api = custody.as_person()
    drive = custody.ready["env"]["CUSTODY_DRIVE_ID"]
    target = custody.make(api, {"name": "of somebody else", "parents": [drive]}, CONTENT)
    shortcut = custody.make(
        api,
        {
            "name": "a shortcut",
            "mimeType": SHORTCUT,
            "parents": [holding.folder_id],
            "shortcutDetails": {"targetId": target},
        },
    )
    wait_for(lambda: custody.reasons(holding, shortcut))
    custody.settle()
    assert len(custody.reasons(holding, shortcut)) == 1
    assert custody.contents(holding, target) == []
    assert custody.stored(holding.life) == []


# Folders that customers own.


def test_an_adopted_folder_is_followed_through_the_own_log(custody: Installation) -> None:
    """T5: a folder that a customer owns is in no shared drive's log."""
    customer = custody.as_person(ADDRESS)
    folder = custody.shared_folder(customer)
    early = custody.make(customer, {"name": "early.csv", "parents": [folder]}, b"early")
    holding = custody.open(folder=folder)
    custody.expect(holding, early, b"early")
    file_id = custody.make(customer, {"name": "x.csv", "parents": [folder]}, CONTENT)
    custody.expect(holding, file_id, CONTENT)
    custody.change(customer, file_id, CONTENT * 2)
    custody.expect(holding, file_id, CONTENT, CONTENT * 2)


def test_a_folder_that_is_no_longer_shared_is_a_lost_source(custody: Installation) -> None:
    """T6: neither an order to erase nor noise."""
    customer = custody.as_person(ADDRESS)
    folder = custody.shared_folder(customer)
    holding = custody.open(folder=folder)
    custody.settle()
    file_id = custody.make(customer, {"name": "x.csv", "parents": [folder]}, CONTENT)
    custody.expect(holding, file_id, CONTENT)
    listed = customer.call("grants", lambda s: s.permissions().list(fileId=folder))
    (ours,) = [one["id"] for one in listed["permissions"] if one["role"] == "reader"]
    customer.call("a grant", lambda s: s.permissions().delete(fileId=folder, permissionId=ours))
    wait_for(lambda: custody.history(holding, file_id).lost)
    assert custody.contents(holding, file_id) == [CONTENT]
    custody.share(customer, folder, custody.ready["env"]["CUSTODY_SUBJECT"], "reader")
    wait_for(lambda: not custody.history(holding, file_id).lost)


def test_a_file_that_moves_between_holdings_is_captured_there_and_noted(
    custody: Installation, holding: Holding
) -> None:
    """A person decides whether it should have moved; meanwhile nothing is lost on either side."""
    other = custody.open("stripe")
    custody.settle()
    file = custody.upload(holding, "x.csv", CONTENT)
    custody.expect(holding, file.file_id, CONTENT)
    custody.change(
        custody.as_person(),
        file.file_id,
        addParents=other.folder_id,
        removeParents=holding.folder_id,
    )
    custody.expect(other, file.file_id, CONTENT)
    wait_for(lambda: custody.history(holding, file.file_id).lost)
    assert custody.contents(holding, file.file_id) == [CONTENT]
    entries = [one for one in custody.world.quarantine.all() if one.reference == file.file_id]
    assert [one.kind for one in entries] == ["moved-file"]
