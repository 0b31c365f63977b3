"""Which function listens to which topic. Terraform and the local cloud build the same from it."""

from dataclasses import dataclass

from custody.domain.erasure import Copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One deployed function: its folder's name, its topic, and the longest life of one delivery."""

    name: str
    topic: str | None
    """None for a function that the world calls by HTTP."""
    timeout_seconds: int = 540
    timer: str | None = None
    """For a listener on `timers`: the one timer that it answers."""
    folder: str = ""
    """The folder of its source and its entry point, where that is not its name."""

    @property
    def entry(self) -> str:
        return self.folder or self.name


FUNCTIONS = (
    Function(name="receive_push", topic=None, timeout_seconds=30),
    Function(name="drain_changes", topic="drive-pushes"),
    Function(name="capture", topic="files-touched"),
    Function(name="renew_watches", topic="timers", timeout_seconds=120, timer="renew_watches"),
    Function(name="reconcile", topic="timers", timer="reconcile"),
    Function(name="replicate", topic="versions-stored"),
    Function(name="drill", topic="timers", timer="drill"),
    Function(name="retention", topic="timers", timer="retention"),
    Function(name="request_erasure", topic="deletion-requests"),
    *(
        Function(name=f"erase_{copy.value}", topic=f"erasure-tasks-{copy.value}", folder="erase")
        for copy in Copy
    ),
)
"""`erase` is one function, deployed once for each copy with an identity and a topic of its own."""


def timeout_of(name: str) -> int:
    """The longest life of one delivery of a function, in seconds."""
    return next(one.timeout_seconds for one in FUNCTIONS if one.name == name)


TOPICS = (
    "drive-pushes",
    "files-touched",
    "versions-stored",
    "timers",
    "deletion-requests",
    *(f"erasure-tasks-{copy.value}" for copy in Copy),
)
"""Every topic; each has `<topic>-dead` beside it."""

TIMERS = {"renew_watches": 3600, "reconcile": 3600, "drill": 86_400, "retention": 86_400}
"""Seconds between two messages on topic `timers` with this `timer` attribute."""

SWEEP_SECONDS = 600
"""Seconds between two messages on `drive-pushes` for each corpus, pushes or none (T1)."""

ACK_DEADLINE_SECONDS = 600
RETRY_SECONDS = (10, 600)
DELIVERY_ATTEMPTS = 100
MESSAGE_RETENTION_DAYS = 31
