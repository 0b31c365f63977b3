"""The world as the command line sees it: that of the functions, and what only people look at."""

import getpass
import hashlib
import logging
import os
import sys
from collections.abc import MutableMapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from custody.cloud import Cloud
from custody.settings import Settings

if TYPE_CHECKING:
    from custody.cli.queues import Queues
    from custody.ports import Kek
    from custody.steps.holdings import Office
    from custody.steps.restore import Archive


class Desk(Cloud):
    """An operator's desk."""

    @cached_property
    def operator(self) -> str:
        """An opaque id of who runs the command. The name itself is written nowhere."""
        return "o-" + hashlib.sha256(self._who().encode()).hexdigest()[:16]

    def _who(self) -> str:
        """On the local cloud nobody has an address."""
        if self.settings.text("CUSTODY_DRIVE_ENDPOINT"):
            return _login()
        from custody.adapters.identity import who_am_i

        return who_am_i()

    @property
    def kek(self) -> "Kek":
        return self._kek

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


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have a number and no name
        return str(os.getuid())


def _for_people(_: object, method: str, entry: MutableMapping[str, Any]) -> str:
    event = str(entry.pop("event")).replace("_", " ")
    return f"{method}: {event} " + " ".join(f"{name}={value}" for name, value in entry.items())
