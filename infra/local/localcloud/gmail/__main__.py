"""`python -m localcloud.gmail`: Gmail alone; `GET /_smtp` tells where it takes mail.

Pushes go to the Pub/Sub of PUBSUB_EMULATOR_HOST.
"""

import os

from localcloud.gmail import GmailServer
from localcloud.standalone import run_alone

if __name__ == "__main__":
    run_alone(
        "gmail",
        lambda data, clock, port: GmailServer(
            data=data,
            clock=clock,
            port=port,
            pubsub=os.environ.get("PUBSUB_EMULATOR_HOST", ""),
        ),
        lambda server: server.url,
    )
