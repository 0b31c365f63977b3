"""Pub/Sub on loopback: gRPC, REST and push, on one port."""

import shutil
import tempfile
from pathlib import Path

from localcloud.clock import Clock
from localcloud.pubsub.backlog import Backlog
from localcloud.pubsub.identity import Identity
from localcloud.pubsub.methods import served
from localcloud.pubsub.publisher import Publisher
from localcloud.pubsub.push import Pusher
from localcloud.pubsub.rest import RestExchange
from localcloud.pubsub.rpc import RpcHandler, RpcServer
from localcloud.pubsub.state import State
from localcloud.pubsub.subscriber import Subscriber
from localcloud.pubsub.upkeep import Upkeep
from localcloud.wire import HttpService


class PubSubServer(HttpService):
    """What PUBSUB_EMULATOR_HOST may point to: its `address`."""

    exchange = RestExchange

    def __init__(self, *, data: Path, clock: Clock, port: int = 0) -> None:
        super().__init__(clock=clock, port=port)
        data.mkdir(parents=True, exist_ok=True)
        self.identity = Identity(data)
        self.state = State(data, clock)
        self.backlog = Backlog(self.state)
        self.methods = served(
            Publisher(self.state, self.backlog), Subscriber(self.state, self.backlog)
        )
        # A socket's path may have 107 bytes: shorter than many a data folder.
        self._folder = Path(tempfile.mkdtemp(prefix="pubsub-"))
        self.grpc_socket = self._folder / "grpc"
        handler = RpcHandler(
            methods=self.methods, state=self.state, backlog=self.backlog, faults=self.faults
        )
        self._rpc = RpcServer(handler, self.grpc_socket)
        self._upkeep = Upkeep(self.state)
        self._pusher = Pusher(
            state=self.state, backlog=self.backlog, identity=self.identity, faults=self.faults
        )

    @property
    def address(self) -> str:
        """Host and port, as the client libraries want it."""
        return self.url.removeprefix("http://")

    def start(self) -> None:
        self._upkeep.start()
        self._pusher.start()
        self._rpc.start()
        super().start()

    def stop(self) -> None:
        """Wakes whoever waits, ends every call, and leaves the tables settled and scrubbed."""
        self.state.bells.close()
        self._rpc.stop()
        super().stop()
        self._pusher.stop()
        self._upkeep.stop()
        self.state.database.close()
        shutil.rmtree(self._folder)
