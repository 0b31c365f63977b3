"""Runs Terraform on a copy of one of ours, against the stub provider: no network, no cloud."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import toolbox
from infra.toolbox import AWS, GCP, Module

IGNORED = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars")
LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'
SAMPLE: dict[str, Any] = {
    "alert_emails": ["oncall@example.com"],
    "archive": "archive.zip",
    "billing_account": "0123AB-4567CD-89EF01",
    "drive_id": "0ASampleSharedDrive",
    "environment": "prod",
    "offsite_account": "210987654321",
    "offsite_region": "eu-central-1",
    "operators": "operators@example.com",
    "project": "sample-project",
    "region": "europe-west3",
    "restorers": "restorers@example.com",
    "runbook": "https://example.com/custody/docs/runbook.md",
}
"""What an installation says of itself."""
PROJECT: str = SAMPLE["project"]
ACCOUNT: str = SAMPLE["offsite_account"]
OFFSITE_SAMPLE: dict[str, Any] = {
    "account": ACCOUNT,
    "environment": SAMPLE["environment"],
    "identities": {
        "drill": "100000000000000000001",
        "erase_offsite": "100000000000000000002",
        "reconcile": "100000000000000000003",
        "replicate": "100000000000000000004",
        "retention": "100000000000000000005",
    },
    "region": SAMPLE["offsite_region"],
}
"""The same installation, at Amazon."""
SAMPLES = {GCP: SAMPLE, AWS: OFFSITE_SAMPLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource as it is planned."""

    address: str
    type: str
    values: dict[str, Any]


class Terraform:
    """One copy of a module of ours, initialised."""

    def __init__(self, module: Module, folder: Path, environment: dict[str, str]) -> None:
        self.module = module
        self.folder = folder
        self._environment = environment

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Whatever Terraform says, in one colour."""
        command = ["terraform", words[0], "-no-color", *words[1:]]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
        )

    def must(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def diagnostics(self) -> list[dict[str, Any]]:
        """What `validate` has to complain of."""
        found: list[dict[str, Any]] = json.loads(self.run("validate", "-json").stdout)[
            "diagnostics"
        ]
        return found

    def plan(self, **variables: Any) -> dict[str, Any]:
        """The plan as JSON. The variables are those of the sample but for these."""
        self.must("plan", "-input=false", "-out=plan", *self.given(**variables))
        found: dict[str, Any] = json.loads(self.must("show", "-json", "plan"))
        return found

    def refuses(self, **variables: Any) -> str:
        """What a plan fails with, on one line; empty where it does not."""
        done = self.run("plan", "-input=false", *self.given(**variables))
        return " ".join(done.stderr.replace("│", " ").split()) if done.returncode else ""

    def given(self, **variables: Any) -> list[str]:
        """The variables of the sample but for these, as words for Terraform."""
        given = SAMPLES[self.module] | variables
        path = self.folder / "given.tfvars.json"
        path.write_text(json.dumps(given))
        return [f"-var-file={path}"]


def started(module: Module, *options: str) -> subprocess.Popen[str]:
    """A stub provider's process. It ends when it is told to, and with whoever started it."""
    stub = toolbox.HERE / "stub" / "provider.py"
    served = [toolbox.python(), stub, module.source, toolbox.schema(module), *options]
    command = [str(word) for word in served]
    return subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@contextmanager
def stub(module: Module, *options: str) -> Iterator[dict[str, str]]:
    """A running stub provider, as the environment that makes Terraform use it."""
    with started(module, *options) as process:
        assert process.stdout
        try:
            yield {
                **os.environ,
                "TF_REATTACH_PROVIDERS": process.stdout.readline(),
                "TF_CLI_CONFIG_FILE": os.devnull,
                "TF_IN_AUTOMATION": "1",
                "CHECKPOINT_DISABLE": "1",
            }
        finally:
            process.terminate()


def copied(module: Module, folder: Path, environment: dict[str, str]) -> Terraform:
    """A copy to work in, whose state is a file."""
    shutil.copytree(module.folder, folder, ignore=IGNORED)
    (folder / "local_override.tf").write_text(LOCAL_STATE)
    (folder / "archive.zip").write_bytes(b"an archive")
    terraform = Terraform(module, folder, environment)
    terraform.must("init", "-input=false")
    return terraform


def resources(plan: dict[str, Any]) -> list[Resource]:
    """Everything that there is to be, modules unfolded."""
    return list(_unfolded(plan["planned_values"]["root_module"]))


def _unfolded(module: dict[str, Any]) -> Iterator[Resource]:
    for one in module.get("resources", []):
        values = one.get("values", {})  # none where all of it is known later
        yield Resource(address=one["address"], type=one["type"], values=values)
    for child in module.get("child_modules", []):
        yield from _unfolded(child)
