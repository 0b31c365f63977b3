"""The service google.pubsub.v1.Publisher, a method each."""

from functools import partial

from localcloud.pubsub import catalogue, limits, masks, policy
from localcloud.pubsub.backlog import Backlog
from localcloud.pubsub.pages import page
from localcloud.pubsub.proto import (
    Empty,
    ListTopicsResponse,
    ListTopicSubscriptionsResponse,
    Proto,
    PublishResponse,
)
from localcloud.pubsub.refusal import already_exists
from localcloud.pubsub.state import State


class Publisher:
    """Topics, and what is published to them."""

    def __init__(self, state: State, backlog: Backlog) -> None:
        self._state = state
        self._backlog = backlog

    def create_topic(self, topic: Proto) -> Proto:
        policy.settle_topic(topic)
        with self._state.change() as change:
            if catalogue.has_topic(change.rows, topic.name):
                raise already_exists(topic.name)
            catalogue.put_topic(change.rows, topic)
        return topic

    def update_topic(self, request: Proto) -> Proto:
        limits.check_name("topics", request.topic.name)
        with self._state.change() as change:
            topic = catalogue.find_topic(change.rows, request.topic.name)
            masks.apply(request.update_mask, request.topic, topic)
            policy.settle_topic(topic)
            catalogue.put_topic(change.rows, topic)
        return topic

    def get_topic(self, request: Proto) -> Proto:
        limits.check_name("topics", request.topic)
        with self._state.database.reading() as rows:
            return catalogue.find_topic(rows, request.topic)

    def list_topics(self, request: Proto) -> Proto:
        limits.check_project(request.project)
        with self._state.database.reading() as rows:
            found = partial(catalogue.topics, rows, request.project)
            topics, token = page(request, found, _name)
        return ListTopicsResponse(topics=topics, next_page_token=token)

    def list_topic_subscriptions(self, request: Proto) -> Proto:
        limits.check_name("topics", request.topic)
        with self._state.database.reading() as rows:
            catalogue.find_topic(rows, request.topic)
            found = partial(catalogue.names_of, rows, request.topic)
            names, token = page(request, found, str)
        return ListTopicSubscriptionsResponse(subscriptions=names, next_page_token=token)

    def delete_topic(self, request: Proto) -> Proto:
        limits.check_name("topics", request.topic)
        with self._state.change() as change:
            catalogue.remove_topic(change.rows, request.topic)
        return Empty()

    def publish(self, request: Proto) -> Proto:
        limits.check_name("topics", request.topic)
        limits.check_publish(request)
        return PublishResponse(message_ids=self._backlog.publish(request.topic, request.messages))


def _name(topic: Proto) -> str:
    return str(topic.name)
