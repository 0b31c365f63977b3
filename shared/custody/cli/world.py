"""The world as the command line sees it: that of the functions, and what only people look at."""

import getpass
import hashlib
import logging
import os
import sys
from collections.abc import MutableMapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from custody.cloud import Cloud
from custody.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from custody.adapters.key_rescue import BucketKeyRescue
    from custody.cli.queues import Queues
    from custody.ports import Kek
    from custody.steps.put_back import PutBack
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
    def offsite_archive(self) -> "Archive":
        """Contents from off-site, and keysets from wherever they are left."""
        from custody.steps.keys import EitherKeys

        keys = EitherKeys(self.keys, self.offsite_keys)
        return replace(self.archive, vault=self.offsite, keys=keys)

    def put_back(self, archive: "Archive") -> "PutBack":
        """What puts versions of an archive back into Drive."""
        from custody.domain.vault import FileId
        from custody.steps.put_back import PutBack

        return PutBack(
            versions=archive.vault,
            drive=self.drive,
            folders=self.folders,
            fences=self.fences,
            index=self.index,
            root=FileId(self.settings.text("CUSTODY_DRIVE_ID")),
        )

    def key_rescue(self, key_file: "Path | None" = None) -> "BucketKeyRescue":
        """With the file of the recovery key, keysets are wrapped anew."""
        from custody.adapters.key_rescue import BucketKeyRescue
        from custody.adapters.recovery import RecoveryKey

        return BucketKeyRescue(
            self._bucket("CUSTODY_KEYS_BUCKET"),
            self._kek,
            environment=self.settings.text("CUSTODY_ENVIRONMENT"),
            offsite=self._offsite_keys_bucket,
            recovery=RecoveryKey(key_file) if key_file else None,
            has_recipient=self._recovery is not None,
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
