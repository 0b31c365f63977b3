"""Every method that is served, and every one that is refused, for gRPC and REST alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from google.pubsub_v1.types import pubsub

from localcloud.pubsub.proto import Proto
from localcloud.pubsub.publisher import Publisher
from localcloud.pubsub.subscriber import Caller, Subscriber

STREAMING_PULL: Final = "/google.pubsub.v1.Subscriber/StreamingPull"

Answer: TypeAlias = Callable[[Proto, Caller], Proto]
Table: TypeAlias = Mapping[str, tuple[Proto, Callable[[Proto], Proto]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method with one request and one response."""

    service: str
    name: str
    request: Proto
    answer: Answer

    @property
    def path(self) -> str:
        return f"/google.pubsub.v1.{self.service}/{self.name}"


def fault_id(path: str) -> str:
    """How faults call a method, over gRPC and REST: `pubsub.publish`, `pubsub.createTopic`."""
    name = path.rpartition("/")[2]
    return f"pubsub.{name[0].lower()}{name[1:]}"


def served(publisher: Publisher, subscriber: Subscriber) -> dict[str, Method]:
    """By their paths."""
    publishing: Table = {
        "CreateTopic": (pubsub.Topic, publisher.create_topic),
        "DeleteTopic": (pubsub.DeleteTopicRequest, publisher.delete_topic),
        "GetTopic": (pubsub.GetTopicRequest, publisher.get_topic),
        "ListTopicSubscriptions": (
            pubsub.ListTopicSubscriptionsRequest,
            publisher.list_topic_subscriptions,
        ),
        "ListTopics": (pubsub.ListTopicsRequest, publisher.list_topics),
        "Publish": (pubsub.PublishRequest, publisher.publish),
        "UpdateTopic": (pubsub.UpdateTopicRequest, publisher.update_topic),
    }
    subscribing: Table = {
        "Acknowledge": (pubsub.AcknowledgeRequest, subscriber.acknowledge),
        "CreateSubscription": (pubsub.Subscription, subscriber.create_subscription),
        "DeleteSubscription": (pubsub.DeleteSubscriptionRequest, subscriber.delete_subscription),
        "GetSubscription": (pubsub.GetSubscriptionRequest, subscriber.get_subscription),
        "ListSubscriptions": (pubsub.ListSubscriptionsRequest, subscriber.list_subscriptions),
        "ModifyAckDeadline": (pubsub.ModifyAckDeadlineRequest, subscriber.modify_ack_deadline),
        "ModifyPushConfig": (pubsub.ModifyPushConfigRequest, subscriber.modify_push_config),
        "UpdateSubscription": (pubsub.UpdateSubscriptionRequest, subscriber.update_subscription),
    }
    methods = [
        Method(service=service, name=name, request=request.pb(), answer=_at_once(answer))
        for service, table in (("Publisher", publishing), ("Subscriber", subscribing))
        for name, (request, answer) in table.items()
    ]
    pull = pubsub.PullRequest.pb()
    methods.append(Method(service="Subscriber", name="Pull", request=pull, answer=subscriber.pull))
    return {method.path: method for method in methods}


def _at_once(answer: Callable[[Proto], Proto]) -> Answer:
    """All but Pull answer without waiting, and so without a look at who called."""
    return lambda request, _: answer(request)


# Parts of Pub/Sub that nothing here needs: answered UNIMPLEMENTED, by name.
REFUSED: Final = frozenset(
    {
        "/google.iam.v1.IAMPolicy/GetIamPolicy",
        "/google.iam.v1.IAMPolicy/SetIamPolicy",
        "/google.iam.v1.IAMPolicy/TestIamPermissions",
        "/google.pubsub.v1.Publisher/DetachSubscription",
        "/google.pubsub.v1.Publisher/ListTopicSnapshots",
        "/google.pubsub.v1.SchemaService/CommitSchema",
        "/google.pubsub.v1.SchemaService/CreateSchema",
        "/google.pubsub.v1.SchemaService/DeleteSchema",
        "/google.pubsub.v1.SchemaService/DeleteSchemaRevision",
        "/google.pubsub.v1.SchemaService/GetSchema",
        "/google.pubsub.v1.SchemaService/ListSchemaRevisions",
        "/google.pubsub.v1.SchemaService/ListSchemas",
        "/google.pubsub.v1.SchemaService/RollbackSchema",
        "/google.pubsub.v1.SchemaService/ValidateMessage",
        "/google.pubsub.v1.SchemaService/ValidateSchema",
        "/google.pubsub.v1.Subscriber/CreateSnapshot",
        "/google.pubsub.v1.Subscriber/DeleteSnapshot",
        "/google.pubsub.v1.Subscriber/GetSnapshot",
        "/google.pubsub.v1.Subscriber/ListSnapshots",
        "/google.pubsub.v1.Subscriber/Seek",
        "/google.pubsub.v1.Subscriber/UpdateSnapshot",
    }
)
