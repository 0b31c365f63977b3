"""HubSpot: contacts, companies and deals as its CRM exports name their columns."""

from datetime import timedelta
from random import Random

from examples.synthetic.days import first_day, second_day
from examples.synthetic.formats import as_csv
from examples.synthetic.market import Client, Market, Person, Row, moment


def export(market: Market) -> dict[str, bytes]:
    home = f"{market.customer}/hubspot"
    draw = Random(f"{market.customer} contacts")
    contacts = [contact(draw, person) for person in market.people]
    deals = market.rows("deals", 70, deal)
    return {
        f"{home}/contacts.csv": as_csv(first_day(contacts)),
        f"{home}/companies.csv": as_csv([company(client) for client in market.clients]),
        f"{home}/deals.csv": as_csv(first_day(deals)),
        f"changes/{home}/contacts.csv": as_csv(second_day(contacts, became_customer)),
        f"changes/{home}/deals.csv": as_csv(second_day(deals, won_deal)),
    }


def hubspot_id(kind: int, number: int) -> str:
    return f"{kind}{7919 * number:010}"


def contact(draw: Random, person: Person) -> Row:
    client = person.client
    return {
        "Record ID": hubspot_id(10, person.number),
        "First Name": person.first,
        "Last Name": person.last,
        "Email": person.email,
        "Phone Number": person.phone,
        "Job Title": person.job,
        "Company Name": client.name,
        "Lifecycle Stage": draw.choice(("Lead", "Marketing Qualified Lead", "Opportunity")),
        "Lead Status": draw.choice(("New", "In Progress", "Attempted to Contact", "")),
        "Contact owner": client.seller,
        "Create Date": f"{client.since:%Y-%m-%d %H:%M}",
        "Last Activity Date": f"{moment(draw, within_days=60):%Y-%m-%d %H:%M}",
        "Country/Region": client.country,
        "Associated Company": client.name,
        "Associated Company IDs (Primary)": hubspot_id(20, client.number),
    }


def became_customer(row: Row) -> Row:
    return row | {"Lifecycle Stage": "Customer", "Last Activity Date": "2026-03-02 15:20"}


def company(client: Client) -> Row:
    return {
        "Record ID": hubspot_id(20, client.number),
        "Company name": client.name,
        "Company Domain Name": client.domain,
        "Company owner": client.seller,
        "Create Date": f"{client.since:%Y-%m-%d %H:%M}",
        "Industry": "RETAIL" if client.number % 3 else "LOGISTICS_AND_SUPPLY_CHAIN",
        "Number of Employees": client.seats * 4,
        "Annual Revenue": client.seats * 61_000,
        "Lifecycle Stage": "Customer",
        "Number of Associated Contacts": 2,
        "Website URL": f"https://{client.domain}/",
        "City": client.city,
        "Country/Region": client.country,
    }


def deal(draw: Random, person: Person) -> Row:
    client = person.client
    stage, likelihood = draw.choice((("Qualified To Buy", "0.4"), ("Contract Sent", "0.9")))
    created = moment(draw, within_days=300)
    return {
        "Record ID": hubspot_id(30, draw.randrange(1_000_000)),
        "Deal Name": f"{client.name} - {client.plan} {draw.choice(('renewal', 'upgrade', 'new'))}",
        "Deal Stage": stage,
        "Pipeline": "Sales Pipeline",
        "Amount": f"{client.monthly_price * draw.randrange(6, 36)}.00",
        "Close Date": f"{created + timedelta(days=90):%Y-%m-%d %H:%M}",
        "Create Date": f"{created:%Y-%m-%d %H:%M}",
        "Deal owner": client.seller,
        "Deal Type": draw.choice(("New Business", "Existing Business")),
        "Last Activity Date": f"{moment(draw, within_days=40):%Y-%m-%d %H:%M}",
        "Associated Company IDs (Primary)": hubspot_id(20, client.number),
        "Is Closed Won": "false",
        "Deal probability": likelihood,
    }


def won_deal(row: Row) -> Row:
    return row | {"Deal Stage": "Closed Won", "Is Closed Won": "true", "Deal probability": "1"}
