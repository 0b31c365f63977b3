"""The fictional clients that a customer's tools know about, and the people who work there."""

import hashlib
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

Row = dict[str, object]

EXPORTED_AT = datetime(2026, 3, 2, 6, tzinfo=UTC)
CLIENTS_PER_CUSTOMER = 40
CLIENTS_PER_SELLER = 20

# Accents all fit ISO-8859-1, in which Salesforce writes its reports.
# fmt: off
FIRST_NAMES = (
    "Anna", "Bruno", "Chloé", "Dario", "Elif", "Farid", "Greta", "Hugo", "Inês", "Jonas",
    "Kaja", "Liam", "Maëlle", "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Stéphane", "Tomás",
    "Uma", "Vera", "Wim", "Zoë",
)
LAST_NAMES = (
    "Almeida", "Brandt", "Castaño", "Dubois", "Eriksen", "Fournier", "Grünwald", "Haddad",
    "Ito", "Jansen", "Keller", "Lindqvist", "Müller", "Novak", "Okafor", "Pérez", "Quist",
    "Rossi", "Sandström", "Tremblay", "Ullmann", "Visser", "Winther", "Yilmaz",
)
STEMS = (
    "Tidewren", "Quillmoor", "Bramblewick", "Fennelgate", "Marrowby", "Oxbowden", "Larkhollow",
    "Pebblethorn", "Sallowmere", "Thistlecombe", "Umberlode", "Wickenfold",
)
# fmt: on
TRADES = ("Freight", "Bakeries", "Optics", "Seeds", "Ceramics", "Joinery", "Textiles", "Tiles")
LEGAL_FORMS = ("", " Ltd", ", Inc.", " GmbH", " S.A.")
PLACES = (
    ("Utrecht", "", "3511", "Netherlands", "NL"),
    ("Malmö", "", "211 20", "Sweden", "SE"),
    ("São Paulo", "SP", "01000-000", "Brazil", "BR"),
    ("Québec", "QC", "G1A 1A1", "Canada", "CA"),
    ("Leeds", "", "LS1 1AA", "United Kingdom", "GB"),
    ("Köln", "NW", "50667", "Germany", "DE"),
    ("Portland", "OR", "97201", "United States", "US"),
)
JOBS = ("Head of Operations", "Buyer", "Finance Manager", "IT Lead", "Founder", "Data Analyst")
SELLERS = ("Ada Winterbourne", "Milo Trenchard", "Sunniva Falk", "Théo Marchetti")
MONTHLY_PRICES = {"Starter": 49, "Team": 199, "Scale": 890}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A firm that buys from one of the two customers."""

    number: int
    name: str
    domain: str
    city: str
    state: str
    postal_code: str
    country: str
    country_code: str
    seats: int
    plan: str
    seller: str
    since: datetime

    @property
    def monthly_price(self) -> int:
        return MONTHLY_PRICES[self.plan]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who works for a client."""

    number: int
    first: str
    last: str
    job: str
    client: Client

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def email(self) -> str:
        letters = unicodedata.normalize("NFKD", f"{self.first}.{self.last}")
        return f"{letters.encode('ascii', 'ignore').decode().lower()}@{self.client.domain}"

    @property
    def phone(self) -> str:
        return f"+1 202-555-01{self.number % 100:02}"  # 555-0100 to 0199 are reserved for fiction


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """All that one customer's tools know about; no two markets share a client, person or id."""

    customer: str
    clients: list[Client]
    people: list[Person]

    def rows(self, kind: str, count: int, row: Callable[[Random, Person], Row]) -> list[Row]:
        """Rows about people drawn at random."""
        draw = Random(f"{self.customer} {kind}")
        return [row(draw, draw.choice(self.people)) for _ in range(count)]


def make_market(customer: str, *, first_client: int) -> Market:
    numbers = range(first_client, first_client + CLIENTS_PER_CUSTOMER)
    clients = [make_client(number) for number in numbers]
    people = [make_person(2 * client.number + i, client) for client in clients for i in (0, 1)]
    return Market(customer=customer, clients=clients, people=people)


def make_client(number: int) -> Client:
    draw = Random(f"client {number}")
    stem = STEMS[number % len(STEMS)]
    trade = TRADES[(number + number // len(STEMS)) % len(TRADES)]
    city, state, postal_code, country, country_code = draw.choice(PLACES)
    return Client(
        number=number,
        name=f"{stem} {trade}{draw.choice(LEGAL_FORMS)}",
        domain=f"{stem}-{trade}.example.com".lower(),
        city=city,
        state=state,
        postal_code=postal_code,
        country=country,
        country_code=country_code,
        seats=draw.randrange(3, 900),
        plan=draw.choice(list(MONTHLY_PRICES)),
        seller=SELLERS[number // CLIENTS_PER_SELLER],
        since=moment(draw, within_days=1400),
    )


def make_person(number: int, client: Client) -> Person:
    return Person(
        number=number,
        first=FIRST_NAMES[number % len(FIRST_NAMES)],
        last=LAST_NAMES[(7 * number + number // len(FIRST_NAMES)) % len(LAST_NAMES)],
        job=JOBS[number % len(JOBS)],
        client=client,
    )


def moment(draw: Random, *, within_days: int) -> datetime:
    """A time before the export, to the second."""
    return EXPORTED_AT - timedelta(seconds=draw.randrange(within_days * 86_400))


def token(text: str, length: int) -> str:
    """Letters and digits that look random and depend on the text alone."""
    alphabet = string.ascii_letters + string.digits
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(alphabet[byte % len(alphabet)] for byte in digest[:length])


def in_order_of(column: str, rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: str(row[column]))
