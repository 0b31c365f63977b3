"""Google Cloud Pub/Sub as far as the system uses it, on loopback."""

from localcloud.pubsub.server import PubSubServer

__all__ = ["PubSubServer"]
