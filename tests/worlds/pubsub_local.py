"""Google's own Pub/Sub clients on our server, whose clock and faults are at hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localcloud.clock import Clock
from localcloud.faults import Rule
from localcloud.pubsub import PubSubServer
from worlds.pubsub import Clients


class Local(Clients):
    """Clients of a server in this process."""

    def __init__(self, server: PubSubServer) -> None:
        super().__init__(server.address)
        self.server = server
        self.advance = server.clock.advance

    def counts(self, subscription: str) -> dict[str, object]:
        """How many messages the subscription holds, by their state."""
        counts = self.server.backlog.counts()[subscription]
        return {state: counts[state] for state in ("ready", "leased", "delayed")}

    def is_empty(self, subscription: str) -> bool:
        return not any(self.counts(subscription).values())

    def fault(self, method: str, **what: object) -> None:
        self.server.faults.add(Rule(method=method, **what))  # type: ignore[arg-type]


@contextmanager
def local_world(data: Path) -> Iterator[Local]:
    """A server on `data`, and clients of it."""
    server = PubSubServer(data=data, clock=Clock())
    server.start()
    clients = Local(server)
    try:
        yield clients
    finally:
        clients.close()
        server.stop()
