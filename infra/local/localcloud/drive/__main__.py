"""`python -m localcloud.drive`: Drive alone."""

from localcloud.drive import DriveServer
from localcloud.standalone import run_alone

if __name__ == "__main__":
    run_alone(
        "drive",
        lambda data, clock, port: DriveServer(data=data, clock=clock, port=port),
        lambda server: server.url,
    )
