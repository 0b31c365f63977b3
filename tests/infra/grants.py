"""Grants as people read them: who, which role, on what."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from custody.domain import topology
from infra.terraform import PROJECT, Resource

ADDITIVE = "_iam_member"
AGENTS = {
    "gcp-sa-pubsub": "Pub/Sub",
    "gs-project-accounts": "Cloud Storage",
    "system": "Gmail",
}
FUNCTIONS = {one.name.replace("_", "-"): one.name for one in topology.FUNCTIONS}


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One row of the table."""

    identity: str
    role: str
    resource: str


def grants(planned: Iterable[Resource]) -> list[Grant]:
    """All that are planned."""
    return [
        Grant(_identity(one.values["member"]), _role(one.values["role"]), _resource(one))
        for one in planned
        if one.type.endswith(ADDITIVE)
    ]


def _identity(member: str) -> str:
    kind, _, address = member.partition(":")
    if kind == "allUsers":
        return "anybody"
    name, _, domain = address.partition("@")
    if domain == f"{PROJECT}.iam.gserviceaccount.com":
        own = name.removeprefix("custody-")
        return FUNCTIONS.get(own, own)
    return AGENTS.get(domain.partition(".")[0], name)


def _role(role: str) -> str:
    return role.removeprefix("roles/").removeprefix(f"projects/{PROJECT}/roles/")


def _resource(one: Resource) -> str:
    kind = one.type.removesuffix(ADDITIVE).removeprefix("google_")
    if kind not in PLACES:
        raise ValueError(f"nobody weighed what a grant on a {kind} gives")
    return PLACES[kind](one.values)


def _own(bucket: str) -> str:
    return bucket.removeprefix(f"{PROJECT}-")


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _identity_in(values: dict[str, Any]) -> str:
    name = _last(values["service_account_id"]).partition("@")[0]
    return f"identity {name.removeprefix('custody-')}"


def _project(values: dict[str, Any]) -> str:
    return "project, on condition" if values["condition"] else "project"


PLACES: dict[str, Callable[[dict[str, Any]], str]] = {
    "storage_bucket": lambda values: f"bucket {_own(values['bucket'])}",
    "storage_managed_folder": lambda values: f"{_own(values['bucket'])} {values['managed_folder']}",
    "kms_crypto_key": lambda values: f"key {_last(values['crypto_key_id'])}",
    "pubsub_topic": lambda values: f"topic {values['topic']}",
    "pubsub_subscription": lambda values: f"subscription {values['subscription']}",
    "secret_manager_secret": lambda values: f"secret {_last(values['secret_id'])}",
    "service_account": _identity_in,
    "cloud_run_v2_service": lambda values: f"service {values['name']}",
    "artifact_registry_repository": lambda values: f"repository {values['repository']}",
    "project": _project,
}
"""What a grant is on, by the kind of grant."""


# The same, written down by people.

ROW = re.compile(r"^\| (?!identity |-)([^|]+) \| `([^|]+)` \| ([^|]+) \|$", re.MULTILINE)
BRACES = re.compile(r"{([^}]*)}")


def written_down(page: str) -> Iterator[Grant]:
    """The rows of a table. `{a,b}` in a cell stands for two rows."""
    for row in ROW.finditer(page):
        for cells in product(*(_spelled_out(cell.strip()) for cell in row.groups())):
            yield Grant(*cells)


def _spelled_out(cell: str) -> list[str]:
    """`erase_{keys,vault}` are erase_keys and erase_vault."""
    found = BRACES.search(cell)
    if not found:
        return [cell]
    before, after = cell[: found.start()], cell[found.end() :]
    return [one for choice in found[1].split(",") for one in _spelled_out(before + choice + after)]
