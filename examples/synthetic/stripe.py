"""Stripe: the payments and subscriptions exports of its dashboard."""

from datetime import timedelta
from random import Random

from examples.synthetic.days import first_day, second_day
from examples.synthetic.formats import as_csv
from examples.synthetic.market import EXPORTED_AT, Market, Person, Row, in_order_of, moment, token


def export(market: Market) -> dict[str, bytes]:
    """Stripe lists the newest payment first, so new rows shift the whole file."""
    home = f"{market.customer}/stripe"
    payments = in_order_of("Created date (UTC)", market.rows("payments", 110, payment))
    subscriptions = [subscription(person) for person in market.people[::2]]
    return {
        f"{home}/unified_payments.csv": as_csv(first_day(payments)[::-1]),
        f"{home}/subscriptions.csv": as_csv(subscriptions),
        f"changes/{home}/unified_payments.csv": as_csv(second_day(payments, refunded)[::-1]),
    }


def stripe_id(prefix: str, number: int, length: int) -> str:
    return f"{prefix}_{token(f'{prefix} {number}', length)}"


def payment(draw: Random, person: Person) -> Row:
    client, number = person.client, draw.randrange(1_000_000)
    amount = client.monthly_price * draw.choice((1, 1, 1, 12))
    failed = draw.random() < 0.08
    return {
        "id": stripe_id("ch", number, 24),
        "Created date (UTC)": f"{moment(draw, within_days=120):%Y-%m-%d %H:%M:%S}",
        "Amount": f"{amount}.00",
        "Amount Refunded": "0.00",
        "Currency": "eur",
        "Captured": "false" if failed else "true",
        "Converted Amount": f"{amount}.00",
        "Converted Amount Refunded": "0.00",
        "Converted Currency": "eur",
        "Decline Reason": "insufficient_funds" if failed else "",
        "Description": "Subscription update",
        "Fee": "0.00" if failed else f"{amount * 0.015 + 0.25:.2f}",
        "Refunded date (UTC)": "",
        "Statement Descriptor": "ACORN SOFTWARE",
        "Status": "Failed" if failed else "Paid",
        "Seller Message": "The card was declined." if failed else "Payment complete.",
        "Taxes On Fee": "0.00",
        "Card ID": stripe_id("pm", client.number, 24),
        "Customer ID": stripe_id("cus", client.number, 14),
        "Customer Email": person.email,
        "Invoice ID": stripe_id("in", number, 24),
        "Transfer": "",
        "account_number (metadata)": f"AC-{client.number:04}",
    }


def refunded(row: Row) -> Row:
    return row | {
        "Amount Refunded": row["Amount"],
        "Converted Amount Refunded": row["Amount"],
        "Refunded date (UTC)": "2026-03-02 11:05:09",
        "Status": "Refunded",
    }


def subscription(person: Person) -> Row:
    client = person.client
    period_start = EXPORTED_AT - timedelta(days=client.number % 28)
    cancelled = client.number % 11 == 0
    return {
        "id": stripe_id("sub", client.number, 24),
        "Customer ID": stripe_id("cus", client.number, 14),
        "Customer Name": client.name,
        "Customer Email": person.email,
        "Plan": stripe_id("price", client.monthly_price, 24),
        "Quantity": 1,
        "Interval": "month",
        "Amount": f"{client.monthly_price}.00",
        "Status": "canceled" if cancelled else "active",
        "Cancellation Reason": "cancellation_requested" if cancelled else "",
        "Created (UTC)": f"{client.since:%Y-%m-%d %H:%M}",
        "Start (UTC)": f"{client.since:%Y-%m-%d %H:%M}",
        "Current Period Start (UTC)": f"{period_start:%Y-%m-%d %H:%M}",
        "Current Period End (UTC)": f"{period_start + timedelta(days=30):%Y-%m-%d %H:%M}",
        "Trial Start (UTC)": "",
        "Trial End (UTC)": "",
        "Canceled At (UTC)": f"{period_start:%Y-%m-%d %H:%M}" if cancelled else "",
        "Ended At (UTC)": f"{period_start:%Y-%m-%d %H:%M}" if cancelled else "",
    }
