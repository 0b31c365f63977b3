"""Salesforce: a report of opportunities, and the archive of its Data Export service."""

import csv
import string
from datetime import datetime, timedelta
from random import Random

from examples.synthetic.days import edited, first_day, second_day
from examples.synthetic.formats import as_csv, as_zip
from examples.synthetic.market import (
    EXPORTED_AT,
    SELLERS,
    Client,
    Market,
    Person,
    Row,
    moment,
    token,
)

LIKELIHOODS = {
    "Prospecting": 10,
    "Qualification": 20,
    "Proposal/Price Quote": 75,
    "Negotiation/Review": 90,
}
LEAD_SOURCES = ("Web", "Partner Referral", "Trade Show", "Phone Inquiry")
TYPES = ("New Customer", "Existing Customer - Upgrade")
REPORT_FOOTER = """\


"Grand Totals ({records} records)"
"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
"Confidential Information - Do Not Distribute"
"""


def export(market: Market) -> dict[str, bytes]:
    home = f"{market.customer}/salesforce"
    accounts = [account(client) for client in market.clients]
    opportunities = market.rows("opportunities", 70, opportunity)
    return {
        f"{home}/opportunities-report.csv": as_report(market.rows("report", 80, report_line)),
        f"{home}/data-export.zip": as_archive(accounts, first_day(opportunities)),
        f"changes/{home}/data-export.zip": as_archive(
            edited(accounts, moved), second_day(opportunities, won)
        ),
    }


def as_report(rows: list[Row]) -> bytes:
    table = as_csv(rows, quoting=csv.QUOTE_ALL).decode()
    return (table + REPORT_FOOTER.format(records=len(rows))).encode("iso-8859-1")


def as_archive(accounts: list[Row], opportunities: list[Row]) -> bytes:
    return as_zip(
        {
            "Account.csv": as_csv(accounts, quoting=csv.QUOTE_ALL),
            "Opportunity.csv": as_csv(opportunities, quoting=csv.QUOTE_ALL),
        }
    )


def salesforce_id(prefix: str, number: int) -> str:
    """The last 3 of 18 characters tell which of the first 15 are capitals (docs: ID field type)."""
    record = f"{prefix}5g00000{token(f'{prefix} {number}', 5)}"
    chunks = (record[0:5], record[5:10], record[10:15])
    capitals = (sum(1 << i for i, char in enumerate(chunk) if char.isupper()) for chunk in chunks)
    return record + "".join((string.ascii_uppercase + "012345")[bits] for bits in capitals)


def report_line(draw: Random, person: Person) -> Row:
    client = person.client
    stage, likelihood = draw.choice(list(LIKELIHOODS.items()))
    created, closes = moment(draw, within_days=200), coming(draw)
    return {
        "Opportunity Owner": client.seller,
        "Account Name": client.name,
        "Opportunity Name": f"{client.name} - {client.plan}",
        "Stage": stage,
        "Fiscal Period": f"Q{(closes.month + 2) // 3}-{closes.year}",
        "Amount": f"{client.monthly_price * 12}.00",
        "Probability (%)": likelihood,
        "Age": (EXPORTED_AT - created).days,
        "Close Date": f"{closes:%m/%d/%Y}",
        "Created Date": f"{created:%m/%d/%Y}",
        "Next Step": draw.choice((f"Call {person.name}", "Send the contract, signed", "")),
        "Lead Source": draw.choice(LEAD_SOURCES),
        "Type": draw.choice(TYPES),
    }


def coming(draw: Random) -> datetime:
    return EXPORTED_AT + timedelta(days=draw.randrange(90))


def account(client: Client) -> Row:
    return {
        "Id": salesforce_id("001", client.number),
        "IsDeleted": "false",
        "MasterRecordId": "",
        "Name": client.name,
        "Type": "Customer",
        "RecordTypeId": salesforce_id("012", 1),
        "ParentId": "",
        "BillingStreet": f"{client.number} Mill Lane\nUnit {client.seats % 9 + 1}",
        "BillingCity": client.city,
        "BillingState": client.state,
        "BillingPostalCode": client.postal_code,
        "BillingCountry": client.country,
        "Phone": f"+1 202-555-01{client.number % 100:02}",
        "AccountNumber": f"BI-{client.number:04}",
        "Website": f"https://{client.domain}/",
        "Industry": "Retail" if client.number % 3 else "Shipping",
        "AnnualRevenue": f"{client.seats * 61_000}.0",
        "NumberOfEmployees": client.seats * 4,
        "OwnerId": owner_id(client),
        "CreatedDate": f"{client.since:%Y-%m-%dT%H:%M:%S}.000Z",
        "SystemModstamp": f"{EXPORTED_AT:%Y-%m-%dT%H:%M:%S}.000Z",
    }


def owner_id(client: Client) -> str:
    return salesforce_id("005", SELLERS.index(client.seller))


def moved(row: Row) -> Row:
    return row | {
        "BillingStreet": "7 Ropewalk",
        "BillingPostalCode": "",
        "SystemModstamp": "2026-03-02T14:22:10.000Z",
    }


def opportunity(draw: Random, person: Person) -> Row:
    client = person.client
    stage, likelihood = draw.choice(list(LIKELIHOODS.items()))
    amount = client.monthly_price * draw.choice((12, 24, 36))
    return {
        "Id": salesforce_id("006", draw.randrange(1_000_000)),
        "IsDeleted": "false",
        "AccountId": salesforce_id("001", client.number),
        "Name": f"{client.name} - {client.plan}",
        "StageName": stage,
        "Amount": f"{amount}.0",
        "Probability": f"{likelihood}.0",
        "ExpectedRevenue": f"{amount * likelihood / 100:.2f}",
        "CloseDate": f"{coming(draw):%Y-%m-%d}",
        "Type": draw.choice(TYPES),
        "LeadSource": draw.choice(LEAD_SOURCES),
        "IsClosed": "false",
        "IsWon": "false",
        "ForecastCategory": "BestCase" if likelihood > 50 else "Pipeline",
        "OwnerId": owner_id(client),
    }


def won(row: Row) -> Row:
    return row | {
        "StageName": "Closed Won",
        "Probability": "100.0",
        "ExpectedRevenue": row["Amount"],
        "IsClosed": "true",
        "IsWon": "true",
        "ForecastCategory": "Closed",
    }
