"""Update masks: which fields of a topic or subscription an update replaces."""

from google.protobuf.field_mask_pb2 import FieldMask

from localcloud.pubsub.proto import Proto
from localcloud.pubsub.refusal import invalid

_IMMUTABLE = {
    "Topic": {"name", "tags"},
    "Subscription": {"name", "topic", "enable_message_ordering", "filter", "tags"},
}
_OUTPUT_ONLY = {
    "satisfies_pzs",
    "state",
    "detached",
    "topic_message_retention_duration",
    "analytics_hub_subscription_info",
}


def apply(mask: FieldMask, change: Proto, to: Proto) -> None:
    """Copies the masked fields of `change`; one that `change` lacks goes back to its default."""
    kind = to.DESCRIPTOR.name
    if not mask.paths:
        raise invalid(
            f"The update_mask in the Update{kind}Request must be set, "
            "and must contain a non-empty paths list."
        )
    for path in mask.paths:
        _check(path, kind, to)
    mask.MergeMessage(change, to, replace_message_field=True, replace_repeated_field=True)


def _check(path: str, kind: str, to: Proto) -> None:
    where = f"Invalid update_mask provided in the Update{kind}Request:"
    if not FieldMask(paths=[path]).IsValidForDescriptor(to.DESCRIPTOR):
        raise invalid(f"{where} {path} is not a known {kind} field.")
    field = path.partition(".")[0]
    if field in _IMMUTABLE[kind] | _OUTPUT_ONLY:
        raise invalid(f"{where} the '{field}' field in the {kind} is not mutable.")
