"""Mixpanel: raw events, one JSON object a line (docs: Raw Event Export API)."""

from random import Random

from examples.synthetic.days import first_day, second_day
from examples.synthetic.formats import as_json_lines
from examples.synthetic.market import EXPORTED_AT, Market, Person, Row, in_order_of, moment, token

NAMES = ("Signed in", "Report opened", "Export started", "Seat invited", "Plan page viewed")
SYSTEMS = (("Windows", "Chrome"), ("Mac OS X", "Safari"), ("Linux", "Firefox"))


def export(market: Market) -> dict[str, bytes]:
    home = f"{market.customer}/mixpanel"
    visits = in_order_of("time", market.rows("events", 110, visit))
    return {
        f"{home}/events.json": as_events(first_day(visits)),
        f"changes/{home}/events.json": as_events(second_day(visits, received_late)),
    }


def as_events(visits: list[Row]) -> bytes:
    """A visit is a flat row; Mixpanel puts all but its name under `properties`."""
    names = [visit["event"] for visit in visits]
    properties = [{k: v for k, v in visit.items() if k != "event"} for visit in visits]
    pairs = zip(names, properties, strict=True)
    return as_json_lines([{"event": name, "properties": rest} for name, rest in pairs])


def visit(draw: Random, person: Person) -> Row:
    client = person.client
    time = int(moment(draw, within_days=14).timestamp())
    user = f"user-{person.number}"
    system, browser = draw.choice(SYSTEMS)
    return {
        "event": draw.choice(NAMES),
        "time": time,
        "distinct_id": user,
        "$insert_id": token(f"event {person.number} {time}", 16),
        "mp_processing_time_ms": time * 1000 + draw.randrange(200, 90_000),
        "$city": client.city,
        "$region": client.state,
        "mp_country_code": client.country_code,
        "$os": system,
        "$browser": browser,
        "$current_url": f"https://app.birch.example.org/reports/{draw.randrange(1, 400)}",
        "mp_lib": "web",
        "$device_id": token(f"device {person.number}", 16),
        "$user_id": user,
    }


def received_late(row: Row) -> Row:
    """The client sent the event again: same $insert_id, processed anew."""
    processed_at = EXPORTED_AT.timestamp() + 3600
    return row | {"mp_processing_time_ms": int(processed_at) * 1000}
