"""The examples are what their README says: real shapes, invented people, the same bytes again."""

import csv
import difflib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXPORTS = ROOT / "examples" / "exports"
CHANGES = EXPORTS / "changes"

CONTACTS = (
    "Record ID,First Name,Last Name,Email,Phone Number,Job Title,Company Name,Lifecycle Stage,"
    "Lead Status,Contact owner,Create Date,Last Activity Date,Country/Region,Associated Company,"
    "Associated Company IDs (Primary)"
)
COMPANIES = (
    "Record ID,Company name,Company Domain Name,Company owner,Create Date,Industry,"
    "Number of Employees,Annual Revenue,Lifecycle Stage,Number of Associated Contacts,Website URL,"
    "City,Country/Region"
)
DEALS = (
    "Record ID,Deal Name,Deal Stage,Pipeline,Amount,Close Date,Create Date,Deal owner,Deal Type,"
    "Last Activity Date,Associated Company IDs (Primary),Is Closed Won,Deal probability"
)
PAYMENTS = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,"
    "Converted Amount Refunded,Converted Currency,Decline Reason,Description,Fee,"
    "Refunded date (UTC),Statement Descriptor,Status,Seller Message,Taxes On Fee,Card ID,"
    "Customer ID,Customer Email,Invoice ID,Transfer,account_number (metadata)"
)
SUBSCRIPTIONS = (
    "id,Customer ID,Customer Name,Customer Email,Plan,Quantity,Interval,Amount,Status,"
    "Cancellation Reason,Created (UTC),Start (UTC),Current Period Start (UTC),"
    "Current Period End (UTC),Trial Start (UTC),Trial End (UTC),Canceled At (UTC),Ended At (UTC)"
)
TICKETS = (
    "Summation column,Id,Requester,Requester id,Requester external id,Requester email,"
    "Requester domain,Submitter,Assignee,Group,Subject,Tags,Status,Priority,Via,Ticket type,"
    "Created at,Updated at,Assigned at,Organization,Due date,Solved at,Satisfaction Score,Reopens,"
    "Replies,First reply time in minutes,Product area [list],Browser [txt]"
)
REPORT = (
    "Opportunity Owner,Account Name,Opportunity Name,Stage,Fiscal Period,Amount,Probability (%),"
    "Age,Close Date,Created Date,Next Step,Lead Source,Type"
)
ACCOUNT = (
    "Id,IsDeleted,MasterRecordId,Name,Type,RecordTypeId,ParentId,BillingStreet,BillingCity,"
    "BillingState,BillingPostalCode,BillingCountry,Phone,AccountNumber,Website,Industry,"
    "AnnualRevenue,NumberOfEmployees,OwnerId,CreatedDate,SystemModstamp"
)
OPPORTUNITY = (
    "Id,IsDeleted,AccountId,Name,StageName,Amount,Probability,ExpectedRevenue,CloseDate,Type,"
    "LeadSource,IsClosed,IsWon,ForecastCategory,OwnerId"
)
EVENT_PROPERTIES = (
    "time,distinct_id,$insert_id,mp_processing_time_ms,$city,$region,mp_country_code,$os,$browser,"
    "$current_url,mp_lib,$device_id,$user_id"
)
HEADERS = {
    "acorn/hubspot/contacts.csv": CONTACTS,
    "acorn/hubspot/companies.csv": COMPANIES,
    "acorn/hubspot/deals.csv": DEALS,
    "acorn/stripe/unified_payments.csv": PAYMENTS,
    "acorn/stripe/subscriptions.csv": SUBSCRIPTIONS,
    "acorn/zendesk/tickets.csv": TICKETS,
    "birch/hubspot/contacts.csv": CONTACTS,
    "birch/hubspot/companies.csv": COMPANIES,
    "birch/hubspot/deals.csv": DEALS,
    "birch/salesforce/opportunities-report.csv": REPORT,
}
EVENTS = "birch/mixpanel/events.json"
ARCHIVE = "birch/salesforce/data-export.zip"
FIRST_STATE = {*HEADERS, EVENTS, ARCHIVE}
CHANGED = {
    "acorn/hubspot/contacts.csv",
    "acorn/hubspot/deals.csv",
    "acorn/stripe/unified_payments.csv",
    "acorn/zendesk/tickets.csv",
    "birch/hubspot/contacts.csv",
    "birch/hubspot/deals.csv",
    EVENTS,
    ARCHIVE,
}
ADDRESS = re.compile(r"[\w.+-]+@([\w.-]+)")


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def text_of(path: Path) -> str:
    """The text of a file, and of an archive's members one after the other."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return "".join(archive.read(name).decode() for name in archive.namelist())
    return path.read_bytes().decode("iso-8859-1" if "report" in path.name else "utf-8")


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def table_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def addresses(customer: str) -> set[str]:
    found = (ADDRESS.finditer(text_of(path)) for path in (EXPORTS / customer).rglob("*.*"))
    return {match.group() for matches in found for match in matches}


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_the_script_makes_the_same_bytes_again(tmp_path: Path, hash_seed: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "examples.make_exports", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Asia/Kathmandu"},
        check=True,
    )
    assert contents(tmp_path) == contents(EXPORTS)


def test_both_states_hold_the_files_that_the_readme_names() -> None:
    changes = {f"changes/{path}" for path in CHANGED}
    assert set(contents(EXPORTS)) == FIRST_STATE | changes


@pytest.mark.parametrize("path", sorted(HEADERS))
def test_a_table_has_the_header_of_the_real_export(path: str) -> None:
    header, *rows = rows_of(text_of(EXPORTS / path))
    assert ",".join(header) == HEADERS[path]
    assert len(rows) >= 40


@pytest.mark.parametrize("path", sorted(CHANGED & set(HEADERS)))
def test_a_changed_table_keeps_its_header(path: str) -> None:
    assert ",".join(rows_of(text_of(CHANGES / path))[0]) == HEADERS[path]


@pytest.mark.parametrize("folder", [EXPORTS, CHANGES])
def test_events_are_json_objects_a_line_with_mixpanels_properties(folder: Path) -> None:
    events = [json.loads(line) for line in text_of(folder / EVENTS).splitlines()]
    assert {tuple(event) for event in events} == {("event", "properties")}
    assert {",".join(event["properties"]) for event in events} == {EVENT_PROPERTIES}


@pytest.mark.parametrize("folder", [EXPORTS, CHANGES])
def test_the_archive_holds_salesforces_tables_under_a_fixed_time(folder: Path) -> None:
    with zipfile.ZipFile(folder / ARCHIVE) as archive:
        tables = {name: rows_of(archive.read(name).decode()) for name in archive.namelist()}
        times = {info.date_time for info in archive.infolist()}
    headers = {name: ",".join(rows[0]) for name, rows in tables.items()}
    assert headers == {"Account.csv": ACCOUNT, "Opportunity.csv": OPPORTUNITY}
    assert times == {(2026, 3, 2, 6, 0, 0)}


@pytest.mark.parametrize("folder", [EXPORTS, CHANGES])
def test_every_opportunity_belongs_to_an_account_of_the_archive(folder: Path) -> None:
    with zipfile.ZipFile(folder / ARCHIVE) as archive:
        accounts = table_of(archive.read("Account.csv").decode())
        opportunities = table_of(archive.read("Opportunity.csv").decode())
    assert {row["AccountId"] for row in opportunities} <= {row["Id"] for row in accounts}


def test_the_report_is_latin_1_all_quoted_and_ends_with_salesforces_footer() -> None:
    content = (EXPORTS / "birch/salesforce/opportunities-report.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    lines = content.decode("iso-8859-1").splitlines()
    assert all(line.startswith('"') and line.endswith('"') for line in lines if line)
    assert lines[-5:] == [
        "",
        "",
        f'"Grand Totals ({len(lines) - 6} records)"',
        '"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."',
        '"Confidential Information - Do Not Distribute"',
    ]


@pytest.mark.parametrize("path", sorted(path for path in HEADERS if "report" not in path))
def test_no_two_rows_of_a_table_share_an_id(path: str) -> None:
    rows = table_of(text_of(EXPORTS / path))
    column = next(name for name in ("Record ID", "id", "Id") if name in rows[0])
    assert len({row[column] for row in rows}) == len(rows)


@pytest.mark.parametrize("path", sorted(contents(EXPORTS)))
def test_no_address_lies_outside_the_example_domains(path: str) -> None:
    domains = {match[1] for match in ADDRESS.finditer(text_of(EXPORTS / path))}
    assert all(re.search(r"(^|\.)example\.(com|org)$", domain) for domain in domains)


def test_no_person_is_known_to_both_customers() -> None:
    assert addresses("acorn")
    assert addresses("birch")
    assert addresses("acorn").isdisjoint(addresses("birch"))


@pytest.mark.parametrize("path", sorted(CHANGED))
def test_a_changed_file_has_lines_edited_added_and_removed_and_most_kept(path: str) -> None:
    before, after = text_of(EXPORTS / path).splitlines(), text_of(CHANGES / path).splitlines()
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    kinds = {kind for kind, *_ in matcher.get_opcodes()}
    assert kinds == {"equal", "replace", "insert", "delete"}
    assert 0.85 < matcher.ratio() < 1


def test_no_refund_is_of_a_payment_that_failed() -> None:
    payments = table_of(text_of(CHANGES / "acorn/stripe/unified_payments.csv"))
    assert {row["Captured"] for row in payments if row["Status"] == "Refunded"} == {"true"}


def test_the_files_are_small() -> None:
    sizes = [len(content) for content in contents(EXPORTS).values()]
    assert all(5_000 <= size <= 60_000 for size in sizes)
    assert sum(sizes) < 500_000
