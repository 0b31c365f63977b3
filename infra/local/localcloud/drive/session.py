"""One call inside its transaction: who asks, when, and what must follow the commit."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from localcloud.clock import timestamp
from localcloud.database import Statements
from localcloud.drive.content import Content
from localcloud.drive.model import Role


@dataclass(slots=True, kw_only=True)
class Session(Statements):
    """Also remembers what it learnt about folders, which hundreds of files may share."""

    db: sqlite3.Connection
    caller: str
    now: datetime
    time: str = field(init=False)  # the same moment, as the tables keep it
    root_url: str
    content: Content
    discarded: list[str] = field(default_factory=list)  # content to remove after the commit
    erased: bool = False  # something was deleted of which nothing may be left
    pushes: int = 0  # messages that were queued for channels
    passed_down: dict[str, Role] = field(default_factory=dict)
    trashed_folders: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.time = timestamp(self.now)

    def forget_folders(self) -> None:
        """To be called when a folder's parent, permissions or trash state changed."""
        self.passed_down.clear()
        self.trashed_folders.clear()
