"""Google's own message classes, as plain protobuf: no cost of the wrappers around them."""

from typing import Any, TypeAlias

from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1.types import pubsub

__all__ = [
    "Empty",
    "ListSubscriptionsResponse",
    "ListTopicSubscriptionsResponse",
    "ListTopicsResponse",
    "Proto",
    "PublishResponse",
    "PubsubMessage",
    "PullResponse",
    "ReceivedMessage",
    "StreamingPullResponse",
    "Subscription",
    "Topic",
]

Proto: TypeAlias = Any  # a protobuf message; their classes are made at run time

Topic = pubsub.Topic.pb()
ListTopicsResponse = pubsub.ListTopicsResponse.pb()
ListTopicSubscriptionsResponse = pubsub.ListTopicSubscriptionsResponse.pb()
PubsubMessage = pubsub.PubsubMessage.pb()
PublishResponse = pubsub.PublishResponse.pb()
Subscription = pubsub.Subscription.pb()
ListSubscriptionsResponse = pubsub.ListSubscriptionsResponse.pb()
ReceivedMessage = pubsub.ReceivedMessage.pb()
PullResponse = pubsub.PullResponse.pb()
StreamingPullResponse = pubsub.StreamingPullResponse.pb()
