"""Zendesk: a view of tickets as CSV, with two custom fields."""

from datetime import timedelta
from random import Random

from examples.synthetic.days import first_day, second_day
from examples.synthetic.formats import as_csv
from examples.synthetic.market import Market, Person, Row, in_order_of, moment

SUBJECTS = (
    "Cannot sign in after the update",
    'Import stops with "row 214, column 3"',
    "Invoice for February, again",
    "Export: dates are one day off 😕",
    "Please add a second administrator",
    "レポートが空です",
    "Webhook retries, then silence",
)
AGENTS = ("Ilse Vandermeer", "Rafa Montclair", "Tuva Blom")


def export(market: Market) -> dict[str, bytes]:
    home = f"{market.customer}/zendesk"
    tickets = in_order_of("Id", market.rows("tickets", 100, ticket))
    return {
        f"{home}/tickets.csv": as_csv(first_day(tickets)),
        f"changes/{home}/tickets.csv": as_csv(second_day(tickets, solved)),
    }


def ticket(draw: Random, person: Person) -> Row:
    client = person.client
    created = moment(draw, within_days=45)
    return {
        "Summation column": 1,
        "Id": int(created.timestamp()) // 60 - 29_000_000,  # rises with time, as theirs do
        "Requester": person.name,
        "Requester id": 360_000_000_000 + 7919 * person.number,
        "Requester external id": f"AC-{client.number:04}-{person.number}",
        "Requester email": person.email,
        "Requester domain": client.domain,
        "Submitter": person.name,
        "Assignee": draw.choice(AGENTS),
        "Group": draw.choice(("Support", "Billing")),
        "Subject": draw.choice(SUBJECTS),
        "Tags": draw.choice(("import csv", "login", "billing vip", "")),
        "Status": draw.choice(("Open", "Pending", "On-hold")),
        "Priority": draw.choice(("Low", "Normal", "High", "Urgent")),
        "Via": draw.choice(("Mail", "Web form", "Chat")),
        "Ticket type": draw.choice(("Question", "Problem", "Incident")),
        "Created at": f"{created:%Y-%m-%d %H:%M}",
        "Updated at": f"{created + timedelta(hours=5):%Y-%m-%d %H:%M}",
        "Assigned at": f"{created + timedelta(minutes=9):%Y-%m-%d %H:%M}",
        "Organization": client.name,
        "Due date": "",
        "Solved at": "",
        "Satisfaction Score": draw.choice(("Offered", "Not Offered")),
        "Reopens": draw.choice((0, 0, 0, 1)),
        "Replies": draw.randrange(1, 9),
        "First reply time in minutes": draw.randrange(2, 600),
        "Product area [list]": draw.choice(("Reports", "Accounts", "Import")),
        "Browser [txt]": draw.choice(("Firefox 135", "Safari 18", "")),
    }


def solved(row: Row) -> Row:
    return row | {
        "Status": "Solved",
        "Updated at": "2026-03-02 16:41",
        "Solved at": "2026-03-02 16:41",
        "Satisfaction Score": "Good",
    }
