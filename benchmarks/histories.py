"""Seeded histories of a daily export: each day 1-2 % of the rows change, all over the file."""

import random
from array import array
from collections.abc import Callable, Iterator

# A row is one integer: its id above, and in the low byte how often it was updated.
REVISION_BITS = 8
ROWS_IN_A_CHUNK = 4096
# SplitMix64's constants: ids that follow each other get texts that have nothing in common.
GOLDEN, STIR = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9
U64 = (1 << 64) - 1

PLANS = (b"starter", b"growth", b"business", b"enterprise")
STATES = (b"active", b"past_due", b"canceled", b"trialing", b"unpaid")

Render = Callable[[int], bytes]


def mixed(row: int) -> int:
    """64 bits that look random, the same each time for the same row."""
    stirred = (row * GOLDEN) & U64
    return ((stirred ^ (stirred >> 30)) * STIR) & U64


def csv_row(row: int) -> bytes:
    """About 105 bytes, of which zstd alone removes two thirds."""
    x = mixed(row)
    return (
        b"%d,acct_%012x,user%d@example.com,%s,%s,%d.%02d,2026-%02d-%02dT%02d:%02d:00Z,EU,true\n"
        % (
            row >> REVISION_BITS,
            mixed(row >> REVISION_BITS) >> 16,
            mixed(row >> REVISION_BITS) & 0xFFFFF,
            PLANS[x & 3],
            STATES[(x >> 2) % 5],
            (x >> 8) & 0xFFFF,
            (x >> 24) % 100,
            (x >> 32) % 12 + 1,
            (x >> 36) % 28 + 1,
            (x >> 44) % 24,
            (x >> 50) % 60,
        )
    )


def jsonl_row(row: int) -> bytes:
    """About 420 bytes of a payment system's charge, most of it keys."""
    x = mixed(row)
    return (
        b'{"id": "ch_%016x", "object": "charge", "amount": %d, "amount_refunded": 0, '
        b'"captured": true, "created": %d, "currency": "eur", "customer": "cus_%010x", '
        b'"description": null, '
        b'"disputed": false, "livemode": true, "metadata": {"plan": "%s", "seats": "%d"}, '
        b'"outcome": {"network_status": "approved_by_network", "risk_level": "normal"}, '
        b'"paid": true, "refunds": {"object": "list", "has_more": false}, "status": "%s"}\n'
    ) % (
        mixed(row >> REVISION_BITS),
        (x >> 8) & 0xFFFFF,
        1_700_000_000 + ((x >> 28) & 0xFFFFFF),
        mixed((row >> REVISION_BITS) // 7) >> 24,
        PLANS[x & 3],
        (x >> 2) & 0x3F,
        STATES[(x >> 52) % 5],
    )


class History:
    """One export as it changes from day to day; two of the same seed are the same bytes."""

    def __init__(self, render: Render, rows: int, seed: int = 1) -> None:
        self._render = render
        self._random = random.Random(seed)
        self._rows = array("Q", (number << REVISION_BITS for number in range(rows)))
        self._next = rows

    def content(self) -> Iterator[bytes]:
        """Today's export, in chunks of some hundred kB."""
        for start in range(0, len(self._rows), ROWS_IN_A_CHUNK):
            yield b"".join(map(self._render, self._rows[start : start + ROWS_IN_A_CHUNK]))

    def pass_a_day(self) -> None:
        """Update 0.8 to 1.4 % of the rows, delete 0.2 %, insert 0.3 %: anywhere, one by one."""
        self._update(self._random.uniform(0.008, 0.014))
        self._replace(deleted=0.002, inserted=0.003)

    def _update(self, share: float) -> None:
        for position in self._some_positions(share):
            self._rows[position] += 1

    def _replace(self, *, deleted: float, inserted: float) -> None:
        doomed = set(self._some_positions(deleted))
        growing = self._some_positions(inserted)
        rows, kept = array("Q"), 0
        for position in sorted(doomed.union(growing)):
            rows.extend(self._rows[kept:position])
            kept = position + 1 if position in doomed else position
            if position in growing:
                rows.append(self._next << REVISION_BITS)
                self._next += 1
        rows.extend(self._rows[kept:])
        self._rows = rows

    def _some_positions(self, share: float) -> set[int]:
        return set(self._random.sample(range(len(self._rows)), int(len(self._rows) * share)))
