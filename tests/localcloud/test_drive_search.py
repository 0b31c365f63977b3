"""files.list: its language, its order, its pages and its corpora."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.drive.query import Comparison, parse
from worlds.drive_local import ALICE, ALL, BOB, Client, Drive, local_drive, refusal


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    with local_drive(tmp_path) as drive:
        yield drive


@pytest.fixture
def alice(drive: Drive) -> Client:
    return drive.user(ALICE)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Four files that the queries tell apart; nobody changes them."""
    with local_drive(tmp_path_factory.mktemp("library")) as drive:
        alice = drive.user(ALICE)
        linked = alice.create("HelloWorld.csv")
        body = {"type": "anyone", "role": "reader"}
        alice.permissions.create(fileId=linked, body=body).execute()
        alice.update(alice.create("Valentine's Day"), trashed=True)
        alice.create("Stripe 2026", description="monthly invoices", starred=True)
        alice.create("notes.txt", type="text/plain", modifiedTime="2020-06-01T10:00:00Z")
        yield alice


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("name = 'HelloWorld.csv'", {"HelloWorld.csv"}),
        ("name = 'helloworld.CSV'", {"HelloWorld.csv"}),
        ("name != 'HelloWorld.csv'", {"Valentine's Day", "Stripe 2026", "notes.txt"}),
        ("name contains 'Hello'", {"HelloWorld.csv"}),
        ("name contains 'World'", set()),
        ("name contains '202'", {"Stripe 2026"}),
        (r"name = 'Valentine\'s Day'", {"Valentine's Day"}),
        ("fullText contains 'invoices'", {"Stripe 2026"}),
        ("fullText contains 'invoi'", set()),
        ("fullText contains '\"monthly invoices\"'", {"Stripe 2026"}),
        ("fullText contains '\"invoices monthly\"'", set()),
        ("mimeType = 'text/plain'", {"notes.txt"}),
        ("mimeType contains 'plain'", {"notes.txt"}),
        ("starred = true", {"Stripe 2026"}),
        ("not starred = true and mimeType = 'text/plain'", {"notes.txt"}),
        ("trashed = true", {"Valentine's Day"}),
        ("modifiedTime < '2021-01-01'", {"notes.txt"}),
        ("modifiedTime <= '2020-06-01T12:00:00+02:00'", {"notes.txt"}),
        ("modifiedTime < '2020-06-01T10:00:00'", set()),
        ("createdTime > '2020-01-01T00:00:00Z' and name contains 'notes'", {"notes.txt"}),
        ("'me' in owners and name contains 'notes'", {"notes.txt"}),
        ("'nobody@x.example' in owners", set()),
        ("'root' in parents and starred = true", {"Stripe 2026"}),
        ("(name contains 'notes' or name contains 'Hello') and trashed = false",
         {"notes.txt", "HelloWorld.csv"}),
        # From left to right, `and` does not bind closer.
        ("name contains 'notes' or name contains 'Hello' and starred = true", set()),
        ("visibility = 'limited' and name contains 'notes'", {"notes.txt"}),
        ("visibility = 'anyoneWithLink'", {"HelloWorld.csv"}),
        ("visibility != 'limited'", {"HelloWorld.csv"}),
    ],
)  # fmt: skip
def test_the_query_language(library: Client, q: str, found: set[str]) -> None:
    assert set(library.names(q)) == found


@pytest.mark.parametrize(
    "q",
    [
        "name",
        "name =",
        "name ~ 'x'",
        "nme = 'x'",
        "name = 'x",
        "(name = 'x'",
        "name = 'x')",
        "name = 'x' and",
        "name in parents",
        "'x' in children",
        "trashed = 'true'",
        "trashed > true",
        "modifiedTime > 'yesterday'",
        "name > 'a'",
        "properties has { key='x' }",
        "visibility = 'everyone'",
        "name = 'x' name = 'y'",
        "§",
    ],
)
def test_what_is_no_query_is_refused(library: Client, q: str) -> None:
    assert refusal(library.files.list(q=q)) == (400, "invalid")


@given(st.text())
def test_any_text_can_be_quoted(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    parsed = parse(f"name = '{quoted}'")
    assert parsed == Comparison(field="name", operator="=", value=text)


def test_trashed_files_are_listed_unless_excluded(alice: Client) -> None:
    """T7: files.list returns trashed files by default."""
    alice.update(alice.create("trashed"), trashed=True)
    alice.create("kept")
    assert set(alice.names()) == {"trashed", "kept"}
    assert alice.names("trashed = false") == ["kept"]


def test_what_lies_in_a_trashed_folder_is_trashed_too(alice: Client) -> None:
    outer = alice.folder("outer")
    inner = alice.folder("inner", outer)
    file_id = alice.create("deep", parents=[inner])
    alice.update(outer, trashed=True)
    file = alice.get(file_id)
    assert (file["trashed"], file["explicitlyTrashed"]) == (True, False)
    assert set(alice.names("trashed = true")) == {"outer", "inner", "deep"}
    alice.update(outer, trashed=False)
    assert alice.names("trashed = true") == []


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("name", ["a1", "a12", "a2", "B"]),
        ("name desc", ["B", "a2", "a12", "a1"]),
        ("name_natural", ["a1", "a2", "a12", "B"]),
        ("createdTime", ["B", "a12", "a1", "a2"]),
        ("createdTime desc", ["a2", "a1", "a12", "B"]),
        ("folder,name", ["a12", "a1", "a2", "B"]),
        ("quotaBytesUsed desc,name", ["B", "a1", "a2", "a12"]),
        ("starred,name_natural desc", ["a2", "B", "a12", "a1"]),
    ],
)
def test_orders_and_pages_agree(drive: Drive, alice: Client, order: str, names: list[str]) -> None:
    alice.create("B", b"long content")
    drive.advance(1)
    alice.folder("a12")
    drive.advance(1)
    alice.create("a1")
    drive.advance(1)
    alice.create("a2", starred=True)
    assert alice.names(orderBy=order) == names
    assert alice.names(orderBy=order, pageSize=1) == names
    assert alice.names(orderBy=order, pageSize=3) == names


def test_sorting_does_not_go_with_full_text(alice: Client) -> None:
    request = alice.files.list(q="fullText contains 'x'", orderBy="name")
    assert refusal(request) == (400, "badRequest")
    assert refusal(alice.files.list(orderBy="colour")) == (400, "invalid")


def test_pages_miss_nothing_while_their_files_are_deleted(alice: Client) -> None:
    for number in range(7):
        alice.create(f"file {number}")
    found, token = [], None
    while True:
        page = alice.files.list(pageSize=2, pageToken=token).execute()
        for file in page["files"]:
            found.append(file["name"])
            alice.delete(file["id"])
        token = page.get("nextPageToken")
        if token is None:
            break
    assert sorted(found) == [f"file {number}" for number in range(7)]


def test_a_page_token_belongs_to_its_request_and_ages(drive: Drive, alice: Client) -> None:
    for number in range(3):
        alice.create(f"file {number}")
    token = alice.files.list(pageSize=1, orderBy="name").execute()["nextPageToken"]
    for wrong in (
        alice.files.list(pageSize=1, pageToken=token),
        alice.files.list(pageSize=1, pageToken="bogus"),
        drive.user(BOB).files.list(pageSize=1, orderBy="name", pageToken=token),
    ):
        assert refusal(wrong) == (400, "invalid")
    assert alice.files.list(pageSize=2, orderBy="name", pageToken=token).execute()["files"]
    drive.advance(24 * 3600)
    assert refusal(alice.files.list(pageSize=1, orderBy="name", pageToken=token)) == (
        400,
        "invalid",
    )


def test_a_page_size_beyond_the_maximum_counts_as_the_maximum(alice: Client) -> None:
    alice.create("a")
    assert len(alice.files.list(pageSize=5000).execute()["files"]) == 1
    assert refusal(alice.files.list(pageSize=0)) == (400, "invalidParameter")


def test_results_can_be_missing_and_the_answer_says_so(drive: Drive, alice: Client) -> None:
    """T7: absence from one listing is no evidence."""
    for number in range(4):
        alice.create(f"file {number}")
    drive.fault("incompleteSearch", drop=True)
    page = alice.files.list(corpora="allDrives", **ALL).execute()
    assert page["incompleteSearch"]
    assert len(page["files"]) == 2
    page = alice.files.list(corpora="allDrives", **ALL).execute()
    assert not page["incompleteSearch"]
    assert len(page["files"]) == 4


def test_what_others_own_is_found_only_when_it_is_shared(drive: Drive, alice: Client) -> None:
    bob = drive.user(BOB)
    alice.create("private")
    alice.share(alice.create("shared"), BOB)
    assert bob.names() == ["shared"]
    assert bob.names("sharedWithMe = true") == ["shared"]
    assert bob.names("sharedWithMe = false") == []
    assert alice.names("sharedWithMe = true") == []
    assert set(alice.names(f"'{BOB}' in readers")) == {"shared"}
    assert alice.names(f"'{BOB}' in writers") == []


def test_a_link_opens_a_file_but_does_not_list_it(drive: Drive, alice: Client) -> None:
    file_id = alice.create("linked")
    alice.permissions.create(fileId=file_id, body={"type": "anyone", "role": "reader"}).execute()
    bob = drive.user(BOB)
    assert bob.names() == []
    assert bob.get(file_id)["name"] == "linked"


def test_the_domain_finds_what_is_discoverable(drive: Drive, alice: Client) -> None:
    file_id = alice.create("for all of us")
    body = {
        "type": "domain",
        "domain": "customer.example",
        "role": "reader",
        "allowFileDiscovery": True,
    }
    alice.permissions.create(fileId=file_id, body=body).execute()
    bob = drive.user(BOB)
    assert bob.names() == []
    assert bob.names(corpora="domain") == ["for all of us"]
    assert drive.user("eve@other.example").names(corpora="domain") == []
