"""What a topic's or subscription's settings may be, what they default to, and what they mean.

From the field comments of google/pubsub/v1/pubsub.proto and "Push subscriptions" (push backoff).
"""

from typing import Final
from urllib.parse import urlsplit

from localcloud.pubsub import limits
from localcloud.pubsub.proto import Proto, Subscription
from localcloud.pubsub.refusal import invalid, unimplemented

_DAY: Final = 86_400
_RETENTION: Final = (600, 31 * _DAY)
_TIME_TO_LIVE_SECONDS: Final = 31 * _DAY
_BACKOFF: Final = (0, 600)
_PUSH_BACKOFF: Final = (0.1, 60.0)
_ATTEMPTS: Final = (5, 100)

_REFUSED_ON_TOPICS = (
    "kms_key_name",
    "schema_settings",
    "ingestion_data_source_settings",
    "message_transforms",
    "tags",
)
_REFUSED_ON_SUBSCRIPTIONS = (
    "bigquery_config",
    "cloud_storage_config",
    "bigtable_config",
    "detached",
    "enable_exactly_once_delivery",
    "enable_message_ordering",
    "filter",
    "message_transforms",
    "tags",
)
_OUTPUT_ONLY = ("state", "topic_message_retention_duration", "analytics_hub_subscription_info")


def settle_topic(topic: Proto) -> None:
    """Refuses what cannot be, and fills in what only the server says."""
    limits.check_name("topics", topic.name)
    _refuse(topic, _REFUSED_ON_TOPICS)
    if topic.HasField("message_retention_duration"):
        _check_retention(topic)
    topic.ClearField("satisfies_pzs")
    topic.state = topic.ACTIVE


def settle_subscription(config: Proto) -> None:
    """Refuses what cannot be, and writes every default out."""
    limits.check_name("subscriptions", config.name)
    _refuse(config, _REFUSED_ON_SUBSCRIPTIONS)
    config.ack_deadline_seconds = config.ack_deadline_seconds or 10
    limits.check_range("ack_deadline_seconds", config.ack_deadline_seconds, *limits.ACK_DEADLINE)
    if not config.HasField("message_retention_duration"):
        config.message_retention_duration.FromSeconds(7 * _DAY)
    _check_retention(config)
    _settle_expiration(config)
    _settle_dead_letters(config)
    _settle_retries(config)
    _settle_push(config)
    for field in _OUTPUT_ONLY:
        config.ClearField(field)
    config.state = Subscription.ACTIVE


def is_push(config: Proto) -> bool:
    return bool(config.push_config.push_endpoint)


def counts_attempts(config: Proto) -> bool:
    """Delivery attempts are told to subscribers only where dead letters are asked for."""
    return bool(config.dead_letter_policy.dead_letter_topic)


def is_spent(config: Proto, attempts: int) -> bool:
    """Whether a message that failed so often is to go to the dead letters."""
    policy = config.dead_letter_policy
    return bool(policy.dead_letter_topic) and attempts >= policy.max_delivery_attempts


def backoff_seconds(config: Proto, attempts: int) -> float:
    """How long a message rests after it failed for the `attempts`-th time."""
    if config.HasField("retry_policy"):
        low = _seconds(config.retry_policy.minimum_backoff)
        high = _seconds(config.retry_policy.maximum_backoff)
    elif is_push(config):
        low, high = _PUSH_BACKOFF
    else:
        return 0.0
    doublings = min(attempts - 1, 20)  # beyond any maximum, and short of overflow
    return min(high, low * 2.0**doublings)


def retention_seconds(config: Proto) -> float:
    return _seconds(config.message_retention_duration)


def expires_at(config: Proto, active_at: float) -> float | None:
    """When an unused subscription is deleted. T19: without a ttl, never."""
    ttl = _seconds(config.expiration_policy.ttl)
    return active_at + ttl if ttl else None


def _refuse(config: Proto, fields: tuple[str, ...]) -> None:
    for field, _ in config.ListFields():
        if field.name in fields:
            raise unimplemented(f"the field {field.name} of a {config.DESCRIPTOR.name}")


def _check_retention(config: Proto) -> None:
    seconds = _seconds(config.message_retention_duration)
    limits.check_range("message_retention_duration", seconds, *_RETENTION)


def _settle_expiration(config: Proto) -> None:
    if not config.HasField("expiration_policy"):
        config.expiration_policy.ttl.FromSeconds(_TIME_TO_LIVE_SECONDS)
    ttl = _seconds(config.expiration_policy.ttl)
    if not ttl:
        config.expiration_policy.ClearField("ttl")
    elif ttl < _DAY:
        raise invalid("The value for ttl is too small: the minimum is 1 day.")


def _settle_dead_letters(config: Proto) -> None:
    policy = config.dead_letter_policy
    if not policy.dead_letter_topic:
        if policy.max_delivery_attempts:
            raise invalid("The dead_letter_policy needs a dead_letter_topic.")
        config.ClearField("dead_letter_policy")
        return
    limits.check_name("topics", policy.dead_letter_topic)
    policy.max_delivery_attempts = policy.max_delivery_attempts or 5
    limits.check_range("max_delivery_attempts", policy.max_delivery_attempts, *_ATTEMPTS)


def _settle_retries(config: Proto) -> None:
    if not config.HasField("retry_policy"):
        return
    policy = config.retry_policy
    if not policy.HasField("minimum_backoff"):
        policy.minimum_backoff.FromSeconds(10)
    if not policy.HasField("maximum_backoff"):
        policy.maximum_backoff.FromSeconds(600)
    low, high = _seconds(policy.minimum_backoff), _seconds(policy.maximum_backoff)
    limits.check_range("minimum_backoff", low, *_BACKOFF)
    limits.check_range("maximum_backoff", high, *_BACKOFF)
    limits.check_range("maximum_backoff", high, low, _BACKOFF[1])


def _settle_push(config: Proto) -> None:
    """The endpoint of a push subscription, or none at all."""
    push = config.push_config
    if not push.push_endpoint:
        push.Clear()
        push.SetInParent()  # the service shows an empty one
        return
    endpoint = urlsplit(push.push_endpoint)
    # The service takes https alone; on loopback there is nothing to certify.
    if endpoint.scheme not in ("http", "https") or not endpoint.hostname:
        raise invalid(f"Invalid push endpoint given (endpoint={push.push_endpoint}).")
    version = push.attributes.get("x-goog-version") or "v1"
    if version == "v1beta1":
        raise unimplemented("the push format v1beta1")
    if version not in ("v1", "v1beta2") or set(push.attributes) - {"x-goog-version"}:
        raise invalid(f"Invalid push attributes given ({dict(push.attributes)}).")
    push.attributes["x-goog-version"] = version
    if push.HasField("oidc_token") and not push.oidc_token.service_account_email:
        raise invalid("The oidc_token needs a service_account_email.")


def _seconds(duration: Proto) -> float:
    return float(duration.seconds + duration.nanos / 1e9)
