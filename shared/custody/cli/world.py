"""The world as the command line sees it: that of the functions, and what only people look at."""

import logging
import os
import sys
from collections.abc import MutableMapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from custody.cloud import Cloud
from custody.settings import Settings

if TYPE_CHECKING:
    from google.cloud import storage

    from custody.cli.queues import Queues
    from custody.ports import Kek
    from custody.steps.holdings import Office
    from custody.steps.restore import Archive


class Desk(Cloud):
    """An operator's desk."""

    @property
    def kek(self) -> "Kek":
        return self._kek

    @cached_property
    def storage(self) -> "storage.Client":
        from custody.adapters.objects import storage_client

        return storage_client(self.settings.text("STORAGE_EMULATOR_HOST"))

    def open_queues(self) -> "Queues":
        from custody.cli.queues import Queues

        return Queues(self.settings.text("CUSTODY_PROJECT"))

    @property
    def archive(self) -> "Archive":
        from custody.steps.restore import Archive

        return Archive(
            registry=self.registry,
            fences=self.fences,
            keys=self.keys,
            index=self.index,
            vault=self.vault,
        )

    @property
    def office(self) -> "Office":
        from custody.steps.holdings import Office

        return Office(
            registry=self.registry,
            fences=self.fences,
            folders=self.folders,
            keys=self.keys,
            publisher=self.publisher,
        )


def connect() -> Desk:
    """This command's world, from its environment. Warnings of the steps go to standard error."""
    import structlog

    structlog.configure(
        processors=[_for_people],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    return Desk(Settings(os.environ))


def _for_people(_: object, method: str, entry: MutableMapping[str, Any]) -> str:
    event = str(entry.pop("event")).replace("_", " ")
    return f"{method}: {event} " + " ".join(f"{name}={value}" for name, value in entry.items())
