"""`python -m localcloud.pubsub --data DIR [--port P] [--ready-file F]`; F gets host:port."""

from localcloud.pubsub.server import PubSubServer
from localcloud.standalone import run_alone

if __name__ == "__main__":
    run_alone(
        "pubsub",
        lambda data, clock, port: PubSubServer(data=data, clock=clock, port=port),
        lambda server: server.address,
    )
