"""What the checks themselves stand on: the recovered schema, and the provider that serves it."""

import json
import subprocess
from pathlib import Path

import pytest

from infra import terraform as runs
from infra import toolbox
from infra.stub.schema import Bindings, folder_of
from infra.terraform import Terraform
from infra.toolbox import GCP, MODULES, Module

TYPESCRIPT = """
export interface SampleThingRule {
  /**
  * What to do. Possible values: ["KEEP", "DROP"]
  *
  * Docs: {@link https://example.com#action SampleThing#action}
  */
  readonly action?: string;
}
export class SampleThingRuleOutputReference extends cdktn.ComplexObject {
  // action - computed: false, optional: true, required: false
  private _action?: string;
  public get action() {
    return this.getStringAttribute('action');
  }
}
export class SampleThingSeenOutputReference extends cdktn.ComplexObject {
  // at - computed: true, optional: false, required: false
  public get at() {
    return this.getNumberAttribute('at');
  }
}
export class SampleThing extends cdktn.TerraformResource {
  // name - computed: false, optional: false, required: true
  private _name?: string;
  public get name() {
    return this.getStringAttribute('name');
  }
  // members - computed: false, optional: true, required: false
  private _members?: string[];
  public get members() {
    return cdktn.Fn.tolist(this.getListAttribute('members'));
  }
  // effective_labels - computed: true, optional: false, required: false
  private _effectiveLabels = new cdktn.StringMap(this, "effective_labels");
  // seen - computed: true, optional: false, required: false
  private _seen = new SampleThingSeenList(this, "seen", false);
  // rule - computed: false, optional: false, required: true
  private _rule = new SampleThingRuleList(this, "rule", true);
  // last_rule - computed: false, optional: true, required: false
  private _lastRule = new SampleThingRuleOutputReference(this, "last_rule");
}
"""


def test_the_schema_is_read_from_the_bindings() -> None:
    bindings = Bindings(TYPESCRIPT)
    ((kind, name, _),) = bindings.roots()
    block = bindings.block(name)
    assert kind == "resource_schemas"
    assert block["attributes"] == {
        "name": {"type": "string", "required": True},
        "members": {"type": ["set", "string"], "optional": True},
        "effective_labels": {"type": ["map", "string"], "computed": True},
        "seen": {"type": ["list", ["object", {"at": "number"}]], "computed": True},
    }
    rule, last = block["block_types"]["rule"], block["block_types"]["last_rule"]
    assert (rule["nesting_mode"], rule["min_items"], rule["max_items"]) == ("set", 1, 0)
    assert (last["nesting_mode"], last["min_items"], last["max_items"]) == ("list", 0, 1)
    assert last["block"]["attributes"]["action"]["choices"] == ["KEEP", "DROP"]


def test_a_type_leads_to_its_folder() -> None:
    assert folder_of("google_pubsub_topic") == "pubsub-topic"
    assert folder_of("data.google_project") == "data-google-project"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_the_schema_has_every_type_that_we_use(module: Module, at_hand: None) -> None:
    schema = json.loads(toolbox.schema(module).read_text())
    known = schema["resource_schemas"].keys()
    known |= {f"data.{name}" for name in schema["data_source_schemas"]}
    assert set(toolbox.types_in(module.text)) <= known
    assert all(one["block"]["attributes"] for one in schema["resource_schemas"].values())


def test_a_provider_refuses_what_terraform_itself_lets_pass(copy: Terraform) -> None:
    """A value outside a closed list, and an argument that the cloud decides."""
    path = copy.folder / "workspace.tf"
    right = path.read_text()
    for old, new, complaint in (
        ('"custody-reader"\n', '"custody-reader"\n  unique_id = "1"\n', "Unconfigurable argument"),
        ('"custody-reader"\n', '"custody-reader"\n  email = "a@b"\n', "Unconfigurable argument"),
    ):
        path.write_text(right.replace(old, new))
        assert [one["summary"] for one in copy.diagnostics()] == [complaint]
    path.write_text(right)
    monitoring = copy.folder / "monitoring.tf"
    monitoring.write_text(monitoring.read_text().replace('"COMPARISON_GT"', '"GREATER"'))
    assert {one["summary"] for one in copy.diagnostics()} == {"Value not in the list"}


def test_amazons_provider_refuses_what_terraform_itself_lets_pass(offsite_copy: Terraform) -> None:
    path = offsite_copy.folder / "buckets.tf"
    right = "  force_destroy       = false\n"
    path.write_text(path.read_text().replace(right, f'{right}  arn = "arn:aws:s3:::another"\n'))
    assert {one["summary"] for one in offsite_copy.diagnostics()} == {"Unconfigurable argument"}


def test_a_stub_that_is_told_to_end_leaves_nothing(at_hand: None) -> None:
    with runs.started(GCP) as process:
        folder = folder_of_socket(process)
        assert folder.exists()
        process.terminate()
    assert process.returncode == 0
    assert not folder.exists()


def test_a_stub_ends_with_whoever_started_it(at_hand: None) -> None:
    with runs.started(GCP) as process:
        folder = folder_of_socket(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait(10) == 0
    assert not folder.exists()


def folder_of_socket(process: subprocess.Popen[str]) -> Path:
    assert process.stdout
    attachment = json.loads(process.stdout.readline())[GCP.source]
    return Path(attachment["Addr"]["String"]).parent
