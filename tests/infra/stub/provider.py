"""A Terraform provider with the real schema of Google's or Amazon's and no cloud behind it.

Terraform checks types, required arguments, blocks and references by the schema that this serves,
and evaluates modules, `for_each` and variables as ever. What a provider decides itself is done in
its place: closed lists are enforced, and what the cloud would fill in is unknown. With `--known`
a plan knows what the cloud would say, where a test reads it. Nothing is ever applied.

`python provider.py SOURCE SCHEMA [--known]` prints what TF_REATTACH_PROVIDERS wants, and serves
until it is told to end or its standard input ends. Runs in an environment of its own: `tf` has the
protocol (tfplugin6).
"""

# ruff: noqa: N802 (the calls have the names that the protocol gives them)

import json
import os
import re
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import msgpack
from tf.gen import tfplugin_pb2 as wire
from tf.gen import tfplugin_pb2_grpc as rpc

UNKNOWN = msgpack.ExtType(0, b"\x00")
NESTING = {"single": 1, "list": 2, "set": 3}
PROJECT, NUMBER = "sample-project", "123456789012"
ACCOUNT = "210987654321"
AGENTS = "iam.gserviceaccount.com"

SHAPES = {
    "google_service_account": {
        "email": f"{{account_id}}@{PROJECT}.{AGENTS}",
        "member": f"serviceAccount:{{account_id}}@{PROJECT}.{AGENTS}",
        "name": f"projects/{PROJECT}/serviceAccounts/{{account_id}}@{PROJECT}.{AGENTS}",
    },
    "google_pubsub_topic": {"id": f"projects/{PROJECT}/topics/{{name}}"},
    "google_pubsub_subscription": {"id": f"projects/{PROJECT}/subscriptions/{{name}}"},
    "google_kms_key_ring": {"id": f"projects/{PROJECT}/locations/{{location}}/keyRings/{{name}}"},
    "google_kms_crypto_key": {"id": "{key_ring}/cryptoKeys/{name}"},
    "google_secret_manager_secret": {"id": f"projects/{PROJECT}/secrets/{{secret_id}}"},
    "google_monitoring_notification_channel": {
        "id": f"projects/{PROJECT}/notificationChannels/{{display_name}}"
    },
    "google_project_iam_custom_role": {"id": f"projects/{PROJECT}/roles/{{role_id}}"},
    "google_project": {"number": NUMBER, "project_id": PROJECT},
    "google_storage_project_service_account": {
        "member": f"serviceAccount:service-{NUMBER}@gs-project-accounts.{AGENTS}"
    },
    "aws_s3_bucket": {"id": "{bucket}", "arn": "arn:aws:s3:::{bucket}"},
    "aws_iam_role": {"id": "{name}", "arn": f"arn:aws:iam::{ACCOUNT}:role/{{name}}"},
    "aws_iam_policy": {"arn": f"arn:aws:iam::{ACCOUNT}:policy/{{name}}"},
}
"""What the cloud fills in, where a test reads it; the braces hold arguments."""

Block = dict[str, Any]
Values = dict[str, Any]


def main(source: str, schema: Path, *options: str) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    threading.Thread(target=_end_with_parent, args=[stop], daemon=True).start()
    server = grpc.server(
        futures.ThreadPoolExecutor(8), options=[("grpc.max_send_message_length", -1)]
    )
    service = Provider(json.loads(schema.read_text()), is_known="--known" in options)
    rpc.add_ProviderServicer_to_server(service, server)
    with tempfile.TemporaryDirectory(prefix="custody-stub-") as folder:
        socket = f"{folder}/socket"
        server.add_insecure_port(f"unix://{socket}")
        server.start()
        print(json.dumps({source: _attachment(socket)}), flush=True)
        stop.wait()
        server.stop(grace=1).wait()


def _end_with_parent(stop: threading.Event) -> None:
    """Whoever started this holds the other end of its standard input."""
    sys.stdin.read()
    stop.set()


def _attachment(socket: str) -> dict[str, Any]:
    address = {"Network": "unix", "String": socket}
    return {
        "Protocol": "grpc",
        "ProtocolVersion": 6,
        "Pid": os.getpid(),
        "Test": True,
        "Addr": address,
    }


class Provider(rpc.ProviderServicer):  # type: ignore[misc] # untyped
    """Answers Terraform's calls."""

    def __init__(self, schema: dict[str, Any], *, is_known: bool) -> None:
        self._schema = schema
        self._is_known = is_known

    def GetMetadata(self, *_: Any) -> Any:
        return wire.GetMetadata.Response()

    def GetProviderSchema(self, *_: Any) -> Any:
        return wire.GetProviderSchema.Response(
            provider=_to_wire(self._schema["provider"]),
            resource_schemas=_all_to_wire(self._schema["resource_schemas"]),
            data_source_schemas=_all_to_wire(self._schema["data_source_schemas"]),
        )

    def GetFunctions(self, *_: Any) -> Any:
        return wire.GetFunctions.Response()

    def ValidateProviderConfig(self, *_: Any) -> Any:
        return wire.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, asked: Any, _: Any) -> Any:
        faults = _faults(self._block(asked.type_name), _read(asked.config))
        return wire.ValidateResourceConfig.Response(diagnostics=_diagnostics(faults))

    def ValidateDataResourceConfig(self, asked: Any, _: Any) -> Any:
        faults = _faults(self._data_block(asked.type_name), _read(asked.config))
        return wire.ValidateDataResourceConfig.Response(diagnostics=_diagnostics(faults))

    def ConfigureProvider(self, *_: Any) -> Any:
        return wire.ConfigureProvider.Response()

    def PlanResourceChange(self, asked: Any, _: Any) -> Any:
        planned = _filled(self._block(asked.type_name), _read(asked.proposed_new_state))
        if self._is_known:
            planned = _with_shapes(asked.type_name, planned)
        return wire.PlanResourceChange.Response(
            planned_state=_written(planned), legacy_type_system=True
        )

    def ReadDataSource(self, asked: Any, _: Any) -> Any:
        block = self._data_block(asked.type_name)
        found = _filled(block, _read(asked.config))
        state = _made_up(block, _with_shapes(asked.type_name, found))
        return wire.ReadDataSource.Response(state=_written(state))

    def StopProvider(self, *_: Any) -> Any:
        return wire.StopProvider.Response()

    def _block(self, name: str) -> Block:
        found: Block = self._schema["resource_schemas"][name]["block"]
        return found

    def _data_block(self, name: str) -> Block:
        found: Block = self._schema["data_source_schemas"][name]["block"]
        return found


# The schema on the wire.


def _all_to_wire(schemas: dict[str, Any]) -> dict[str, Any]:
    return {name: _to_wire(one) for name, one in schemas.items()}


def _to_wire(schema: dict[str, Any]) -> Any:
    return wire.Schema(block=_block_to_wire(schema["block"]))


def _block_to_wire(block: Block) -> Any:
    return wire.Schema.Block(
        attributes=[
            wire.Schema.Attribute(
                name=name,
                type=json.dumps(one["type"]).encode(),
                required=one.get("required", False),
                optional=one.get("optional", False),
                computed=one.get("computed", False),
            )
            for name, one in block["attributes"].items()
        ],
        block_types=[
            wire.Schema.NestedBlock(
                type_name=name,
                nesting=NESTING[one["nesting_mode"]],
                min_items=one["min_items"],
                max_items=one["max_items"],
                block=_block_to_wire(one["block"]),
            )
            for name, one in block["block_types"].items()
        ],
    )


# Values on the wire.


def _read(value: Any) -> Any:
    return msgpack.unpackb(value.msgpack, strict_map_key=False) if value.msgpack else None


def _written(value: Any) -> Any:
    return wire.DynamicValue(msgpack=msgpack.packb(value))


def _rebuilt(block: Block, values: Any, of: Callable[[str, Any, Any], Any]) -> Any:
    """The same values with every attribute given by `of(name, attribute, value)`."""
    if not isinstance(values, dict):
        return values
    built = {name: of(name, one, values.get(name)) for name, one in block["attributes"].items()}
    for name, one in block["block_types"].items():
        given = values.get(name)
        if isinstance(given, list):
            built[name] = [_rebuilt(one["block"], item, of) for item in given]
        else:
            built[name] = _rebuilt(one["block"], given, of)
    return built


def _filled(block: Block, values: Any) -> Any:
    """What the configuration leaves to the cloud is unknown."""

    def fill(_: str, attribute: Any, value: Any) -> Any:
        return UNKNOWN if value is None and attribute.get("computed") else value

    return _rebuilt(block, values, fill)


def _with_shapes(name: str, values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    known = {key: one for key, one in values.items() if isinstance(one, str)}
    shapes = {
        attribute: shape.format(**known)
        for attribute, shape in SHAPES.get(name, {}).items()
        if known.keys() >= set(re.findall(r"{(\w+)}", shape))
    }
    return values | shapes


def _made_up(block: Block, values: Any) -> Any:
    """Something of the right type for whatever is unknown."""

    def make_up(name: str, attribute: Any, value: Any) -> Any:
        return _sample(name, attribute["type"]) if value == UNKNOWN else value

    return _rebuilt(block, values, make_up)


def _sample(name: str, kind: Any) -> Any:
    simple = {"string": f"sample-{name}", "number": 0, "bool": False, "dynamic": None}
    if isinstance(kind, str):
        return simple[kind]
    return {} if kind[0] == "map" else []


# What a provider checks itself.

Fault = tuple[tuple[str | int, ...], str, str]


def _faults(block: Block, values: Any, path: tuple[str | int, ...] = ()) -> Iterator[Fault]:
    """Arguments that only the provider may fill in, and values outside a closed list."""
    if not isinstance(values, dict):
        return
    for name, one in block["attributes"].items():
        value = values.get(name)
        if value is not None and not (one.get("required") or one.get("optional")):
            yield (*path, name), "Unconfigurable argument", f"{name} is decided by the cloud."
        if isinstance(value, str) and value and value not in one.get("choices", [value]):
            yield (*path, name), "Value not in the list", f"{value} is none of {one['choices']}."
    for name, one in block["block_types"].items():
        given = values.get(name)
        for number, item in enumerate(given if isinstance(given, list) else []):
            yield from _faults(one["block"], item, (*path, name, number))


def _diagnostics(faults: Iterator[Fault]) -> list[Any]:
    return [
        wire.Diagnostic(
            severity=wire.Diagnostic.ERROR,
            summary=summary,
            detail=detail,
            attribute=wire.AttributePath(steps=[_step(part) for part in path]),
        )
        for path, summary, detail in faults
    ]


def _step(part: str | int) -> Any:
    if isinstance(part, int):
        return wire.AttributePath.Step(element_key_int=part)
    return wire.AttributePath.Step(attribute_name=part)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
