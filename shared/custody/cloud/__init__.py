"""The one place that reads the environment and picks adapters, each made on first use.

A function imports what it uses and no more: every adapter is imported where it is made.
"""

import os
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from custody import logs
from custody.cloud.copies import Copies
from custody.settings import Settings

if TYPE_CHECKING:
    from custody.steps.drill import Drill
    from custody.steps.erase import Erase
    from custody.steps.holdings import Office
    from custody.steps.mend import Mend
    from custody.steps.plan_erasure import Planning
    from custody.steps.reconcile import Reconcile
    from custody.steps.replicate import Replicate
    from custody.steps.request_erasure import Request
    from custody.steps.retention import Retain
    from custody.steps.versions import Capture

BYTES_PER_SECOND = 16 << 20
"""The pace at which a capture surely reads, compresses, encrypts and writes, on one core.

It bounds what one delivery takes on: 540 s make 8.4 GiB. Larger files are captured by the same
code from the command line, `custody files capture`.
"""
DEADLINE_MARGIN = timedelta(seconds=30)
"""How long before a function's time-out a writer sends no last byte any more."""


class Cloud(Copies):
    """The real world, and what each step needs of it."""

    def deadline(self, timeout_seconds: int) -> datetime:
        """Until when a delivery that begins now may write."""
        return self.now() + timedelta(seconds=timeout_seconds) - DEADLINE_MARGIN

    def capture(self, timeout_seconds: int) -> "Capture":
        """The ports of one capture run that may last so long."""
        from custody.steps.versions import Capture

        return Capture(
            drive=self.drive,
            vault=self.vault,
            keys=self.keys,
            registry=self.registry,
            fences=self.fences,
            index=self.index,
            publisher=self.publisher,
            quarantine=self.quarantine,
            clock=self.now,
            deadline=self.deadline(timeout_seconds),
            largest_bytes=timeout_seconds * BYTES_PER_SECOND,
        )

    @property
    def office(self) -> "Office":
        """What registers customers and opens holdings."""
        from custody.steps.holdings import Office

        return Office(
            registry=self.registry,
            fences=self.fences,
            folders=self.folders,
            keys=self.key_maker,
            publisher=self.publisher,
        )

    def replicate(self, timeout_seconds: int) -> "Replicate":
        """What makes the vault and the off-site copies equal."""
        from custody.steps.replicate import Replicate

        return Replicate(
            vault=self.vault_shelf,
            offsite=self.offsite_shelf,
            fences=self.fences,
            marks=self.marks,
            clock=self.now,
            deadline=self.deadline(timeout_seconds),
        )

    def reconcile(self, deadline: datetime) -> "Reconcile":
        """What compares all sides."""
        from custody.steps.reconcile import Reconcile

        return Reconcile(
            drive=self.drive,
            vault=self.vault,
            vault_shelf=self.vault_shelf,
            offsite_shelf=self.offsite_shelf,
            marks=self.marks,
            keys=self.keys,
            registry=self.registry,
            fences=self.fences,
            index=self.index,
            publisher=self.publisher,
            quarantine=self.quarantine,
            books=self.books,
            signer=self.signer,
            clock=self.now,
            deadline=deadline,
        )

    def drill(self, timeout_seconds: int) -> "Drill":
        """What restores a sample."""
        from custody.steps.drill import Drill

        return Drill(
            vault=self.vault,
            offsite=self.offsite,
            keys=self.keys,
            offsite_keys=self.offsite_keys,
            registry=self.registry,
            fences=self.fences,
            index=self.index,
            tracks=self.books.tracks,
            mend=self.mend,
            clock=self.now,
            deadline=self.deadline(timeout_seconds),
        )

    @property
    def mend(self) -> "Mend":
        """What has damaged objects replaced."""
        from custody.steps.mend import Mend

        return Mend(
            vault=self.vault,
            offsite=self.offsite,
            disposals=self.disposals,
            publisher=self.publisher,
            clock=self.now,
        )

    @property
    def request(self) -> "Request":
        """What takes a deletion request on."""
        from custody.steps.request_erasure import Request

        large = self.settings.number("CUSTODY_FOUR_EYES_OBJECTS")
        return Request(
            books=self.books,
            deadline=timedelta(days=self.settings.number("CUSTODY_ERASURE_DEADLINE_DAYS")),
            four_eyes_objects=large if self.settings.is_on("CUSTODY_FOUR_EYES") else None,
            clock=self.now,
        )

    @property
    def erase(self) -> "Erase":
        """What moves copies one step."""
        from custody.steps.erase import Erase

        return Erase(
            books=self.books,
            stores=self.stores,
            witnesses=self.witnesses,
            disposals=self.disposals,
            marks=self.marks,
            signer=self.signer,
            quiescence=timedelta(seconds=self.settings.number("CUSTODY_QUIESCENCE_SECONDS")),
            clock=self.now,
        )

    def retention(self, deadline: datetime) -> "Retain":
        """What lets versions go that no policy keeps."""
        from custody.domain.erasure import Copy
        from custody.steps.retention import Retain

        return Retain(
            books=self.books,
            keys=self.keys,
            shelves={Copy.VAULT: self.vault_shelf, Copy.OFFSITE: self.offsite_shelf},
            marks=self.marks,
            disposals=self.disposals,
            plans=self.retention_plans,
            clock=self.now,
            deadline=deadline,
        )

    @property
    def planning(self) -> "Planning":
        """What shows a person what an erasure would do."""
        from custody.steps.plan_erasure import Planning

        return Planning(books=self.books, stores=self.stores, clock=self.now)


@cache
def connect() -> Cloud:
    """This process's world, from its environment."""
    settings = Settings(os.environ)
    logs.configure(settings.text("CUSTODY_PROJECT"))
    return Cloud(settings)
