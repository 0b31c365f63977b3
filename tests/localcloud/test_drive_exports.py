"""Google documents: no bytes of their own, only exports (T9)."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from localcloud.drive import formats
from worlds.drive_local import (
    ALICE,
    BOB,
    DAY,
    DOCUMENT,
    SHEET,
    Client,
    Drive,
    local_drive,
    refusal,
)

GOOGLE = "application/vnd.google-apps."
LIMIT = 10 * 1024 * 1024


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    with local_drive(tmp_path) as drive:
        yield drive


@pytest.fixture
def alice(drive: Drive) -> Client:
    return drive.user(ALICE)


@pytest.fixture
def sheet(alice: Client) -> str:
    return alice.create("deals", b"name,amount\nAcme,1200\n", mimeType=SHEET)


def export(client: Client, file_id: str, mime_type: str) -> bytes:
    data: bytes = client.files.export(fileId=file_id, mimeType=mime_type).execute()
    return data


def members(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_a_document_has_no_checksum_size_or_head(alice: Client, sheet: str) -> None:
    file = alice.get(sheet)
    assert file["mimeType"] == SHEET
    assert {"md5Checksum", "sha256Checksum", "size", "headRevisionId"}.isdisjoint(file)
    assert refusal(alice.files.get_media(fileId=sheet)) == (403, "fileNotDownloadable")


def test_every_documented_format_of_every_kind_is_exported(alice: Client) -> None:
    for kind, kinds in formats.EXPORTS.items():
        made = alice.files.create(body={"name": "x", "mimeType": kind}, fields="*").execute()
        assert set(made["exportLinks"]) == set(kinds)
        for mime_type in kinds:
            export(alice, made["id"], mime_type)


def test_a_workbook_is_real_and_its_bytes_differ_by_a_date_alone(alice: Client, sheet: str) -> None:
    first, second = (export(alice, sheet, formats.XLSX) for _ in range(2))
    assert first != second
    one, other = members(first), members(second)
    assert {name for name in one if one[name] != other[name]} == {"docProps/core.xml"}
    book = openpyxl.load_workbook(io.BytesIO(first))
    assert list(book.active.values) == [("name", "amount"), ("Acme", 1200)]


def test_csv_and_other_texts_say_what_the_sheet_says(alice: Client, sheet: str) -> None:
    assert export(alice, sheet, "text/csv") == b"name,amount\r\nAcme,1200"
    tabbed = export(alice, sheet, "text/tab-separated-values")
    assert tabbed == b"name\tamount\r\nAcme\t1200"
    assert export(alice, sheet, "application/pdf").startswith(b"%PDF-")


def test_edits_of_a_document_show_in_its_exports(alice: Client, sheet: str) -> None:
    before = alice.get(sheet)
    alice.write(sheet, b"name,amount\nAcme,1300\n")
    assert export(alice, sheet, "text/csv").endswith(b"1300")
    after = alice.get(sheet)
    assert int(after["version"]) > int(before["version"])


@pytest.mark.parametrize("mime_type", [formats.XLSX, formats.DOCX, formats.ODT])
def test_what_was_exported_can_be_imported_again(alice: Client, mime_type: str) -> None:
    (kind,) = formats.IMPORTS[mime_type]
    source = {formats.SPREADSHEET: formats.CSV}.get(kind, formats.TEXT)
    made = alice.create("first", b"hello,world", type=source, mimeType=kind)
    office = export(alice, made, mime_type)
    again = alice.create("again", office, type=mime_type, mimeType=kind)
    plain = formats.CSV if kind == formats.SPREADSHEET else formats.TEXT
    assert export(alice, again, plain) == export(alice, made, plain)


def test_a_conversion_that_does_not_exist_is_refused(alice: Client, sheet: str) -> None:
    wrong_way = alice.files.export(fileId=sheet, mimeType=formats.DOCX)
    assert refusal(wrong_way) == (400, "badRequest")
    assert refusal(lambda: alice.create("x", b"\x89PNG", type="image/png", mimeType=SHEET)) == (
        400,
        "badRequest",
    )


@pytest.mark.parametrize("kind", ["form", "script", "site", "map"])
def test_some_kinds_have_no_export(alice: Client, kind: str) -> None:
    """T9: Forms, Scripts and Sites are not exportable."""
    body = {"name": "x", "mimeType": GOOGLE + kind}
    made = alice.files.create(body=body, fields="*").execute()
    assert "exportLinks" not in made
    request = alice.files.export(fileId=made["id"], mimeType="application/pdf")
    assert refusal(request) == (403, "fileNotExportable")
    assert refusal(alice.files.get_media(fileId=made["id"])) == (403, "fileNotDownloadable")
    assert refusal(alice.files.download(fileId=made["id"])) == (403, "fileNotExportable")


def test_blobs_are_not_exported(alice: Client) -> None:
    file_id = alice.create("a.csv")
    request = alice.files.export(fileId=file_id, mimeType="text/csv")
    assert refusal(request) == (403, "fileNotExportable")


def test_exports_end_at_ten_megabytes_and_the_other_ways_go_on(
    drive: Drive, alice: Client, sheet: str
) -> None:
    drive.set_file(sheet, exportSize=LIMIT)
    assert len(export(alice, sheet, "text/csv")) == LIMIT
    drive.set_file(sheet, exportSize=LIMIT + 1)
    too_large = alice.files.export(fileId=sheet, mimeType=formats.XLSX)
    assert refusal(too_large) == (403, "exportSizeLimitExceeded")
    as_pdf = alice.files.export(fileId=sheet, mimeType=formats.PDF)
    assert refusal(as_pdf) == (500, "internalError")
    link = alice.get(sheet)["exportLinks"][formats.XLSX].removeprefix(drive.url)
    _, _, data = drive.call("GET", link, Authorization=f"Bearer {ALICE}")
    assert len(data) > LIMIT
    assert openpyxl.load_workbook(io.BytesIO(data)).active["A2"].value == "Acme"


def finished(client: Client, operation: dict[str, Any]) -> dict[str, Any]:
    """Polls an operation as a client has to."""
    while not operation.get("done"):
        operation = client.operations.get(name=operation["name"]).execute()
    response: dict[str, Any] = operation["response"]
    return response


def test_a_document_is_downloaded_by_a_long_running_operation(
    drive: Drive, alice: Client, sheet: str
) -> None:
    drive.set_file(sheet, exportSize=LIMIT + 1)
    begun = alice.files.download(fileId=sheet, mimeType="text/csv").execute()
    assert not begun.get("done")
    response = finished(alice, begun)
    assert response["@type"].endswith("DownloadFileResponse")
    assert response["partialDownloadAllowed"] is False
    path = response["downloadUri"].removeprefix(drive.url)
    _, _, data = drive.call("GET", path, Authorization=f"Bearer {ALICE}")
    assert data.rstrip(b"\n").endswith(b"Acme,1200")
    drive.advance(DAY + 1)
    aged = alice.operations.get(name=begun["name"])
    assert refusal(aged) == (404, "notFound")


def test_a_blob_and_its_revisions_are_downloaded_the_same_way(drive: Drive, alice: Client) -> None:
    file_id = alice.create("a.csv", b"first")
    (first,) = alice.revisions.list(fileId=file_id).execute()["revisions"]
    alice.write(file_id, b"second")
    for revision, data in ((None, b"second"), (first["id"], b"first")):
        begun = alice.files.download(fileId=file_id, revisionId=revision).execute()
        response = finished(alice, begun)
        assert response["partialDownloadAllowed"] is True
        path = response["downloadUri"].removeprefix(drive.url)
        answer = drive.call("GET", path, Authorization=f"Bearer {ALICE}")
        assert answer[2] == data


def test_readers_can_be_kept_from_exporting(drive: Drive, alice: Client, sheet: str) -> None:
    alice.share(sheet, BOB)
    alice.update(sheet, copyRequiresWriterPermission=True)
    request = drive.user(BOB).files.export(fileId=sheet, mimeType="text/csv")
    assert refusal(request) == (403, "cannotExportFile")


def test_an_empty_document_exports_nothing_much(alice: Client) -> None:
    made = alice.files.create(body={"name": "d", "mimeType": DOCUMENT}).execute()["id"]
    assert export(alice, made, "text/plain") == "".encode("utf-8-sig")


def test_a_damaged_file_is_not_imported(alice: Client) -> None:
    damaged = {"type": formats.XLSX, "mimeType": SHEET}
    assert refusal(lambda: alice.create("x", b"no archive", **damaged)) == (400, "badRequest")
    assert alice.names() == []
