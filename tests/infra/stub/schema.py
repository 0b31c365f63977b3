"""Recovers the schema of a Terraform provider from a wheel of generated Python bindings.

The bindings are made from the provider's schema, and their compiled JavaScript carries the
TypeScript that it came from. There every attribute has a comment with its flags, and whatever
returns it has its type in its name. Nothing of it is kept in this repository: the licence of the
bindings (MPL-2.0) is theirs, and the result stays in the cache.

Standard library alone. `python schema.py WHEEL OUT TYPE...` writes JSON of the shape that
`terraform providers schema` prints; a data source is named `data.TYPE`.
"""

import base64
import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CLASS = re.compile(
    r"^export class (\w+) extends cdktn\.(\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL
)
INTERFACE = re.compile(r"^export interface (\w+)\b[^{]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
MEMBER = re.compile(
    r"^  // (?P<name>\w+) - computed: (?P<computed>\w+), optional: (?P<optional>\w+), "
    r"required: (?P<required>\w+)\n(?P<text>.*?)(?=^  // \w+ - computed|\Z)",
    re.MULTILINE | re.DOTALL,
)
NESTED = re.compile(r'= new (\w+)\(this, "\w+"(?:, (true|false))?\)')
GETTER = re.compile(r"return (cdktn\.Fn\.tolist\()?this\.get(\w*?)Attribute\(")
FIELD = re.compile(r"private _\w+\?: (.+?)(?: \| cdktn\.IResolvable)?; ?$", re.MULTILINE)
DOCUMENTED = re.compile(r"/\*\*\n((?:(?!\*/).)*?)\*/\n  readonly \w+", re.DOTALL)
CHOICES = re.compile(r"Possible values: (\[[^\]]*\])")
LINK = re.compile(r"#(\w+) ")
VERSION = re.compile(r"providerVersion: '([\d.]+)'")

TYPES: dict[str, Any] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
    # Of the provider itself, whose members nobody reads.
    "string": "string",
    "number": "number",
    "boolean": "bool",
    "string[]": ["list", "string"],
    "{ [key: string]: string }": ["map", "string"],
}
BASES = {
    "TerraformResource": "resource_schemas",
    "TerraformDataSource": "data_source_schemas",
    "TerraformProvider": "provider",
}


class Bindings:
    """The TypeScript of one resource, data source or provider."""

    def __init__(self, text: str) -> None:
        self._classes = {found[1]: (found[2], found[3]) for found in CLASS.finditer(text)}
        self._interfaces = {found[1]: found[2] for found in INTERFACE.finditer(text)}

    def roots(self) -> Iterator[tuple[str, str, str]]:
        """Kind, name of the class and its body, for what Terraform itself names."""
        for name, (base, body) in self._classes.items():
            if base in BASES:
                yield BASES[base], name, body

    def block(self, name: str, above: tuple[str, ...] = ()) -> dict[str, Any]:
        """A class as a block: its attributes and the blocks in it."""
        block: dict[str, Any] = {"attributes": {}, "block_types": {}}
        choices = self._choices(name)
        for member in MEMBER.finditer(self._classes[name][1]):
            flags = {key: True for key in ("computed", "optional", "required") if _is(member, key)}
            nested = NESTED.search(member["text"])
            if nested is None:
                found = {"type": _type(member), **flags}
                if member["name"] in choices:
                    found["choices"] = choices[member["name"]]
                block["attributes"][member["name"]] = found
            elif flags.keys() == {"computed"}:
                block["attributes"][member["name"]] = {"type": self._object(nested), **flags}
            elif _item(nested) not in above:  # one resource nests itself for ever
                block["block_types"][member["name"]] = self._nested(member, nested, (*above, name))
        return block

    def _nested(
        self, member: re.Match[str], nested: re.Match[str], above: tuple[str, ...]
    ) -> dict[str, Any]:
        is_single = member["name"] == "timeouts"
        return {
            "nesting_mode": "single" if is_single else _collection(nested),
            "max_items": 0 if is_single or nested[1].endswith("List") else 1,
            "min_items": int(_is(member, "required")),
            "block": self.block(_item(nested), above),
        }

    def _object(self, nested: re.Match[str]) -> Any:
        """The type of what the provider alone fills in."""
        fields = {}
        for member in MEMBER.finditer(self._classes[_item(nested)][1]):
            deeper = NESTED.search(member["text"])
            fields[member["name"]] = self._object(deeper) if deeper else _type(member)
        return [_collection(nested), ["object", fields]]

    def _choices(self, name: str) -> dict[str, list[str]]:
        """The closed lists that the provider's documentation gives."""
        is_root = self._classes[name][0] in BASES
        body = self._interfaces.get(
            f"{name}Config" if is_root else name.removesuffix("OutputReference"), ""
        )
        found = {}
        for comment in DOCUMENTED.finditer(body):
            choices, link = CHOICES.search(comment[1]), LINK.search(comment[1])
            if choices and link:
                found[link[1]] = json.loads(choices[1])
        return found


def _is(member: re.Match[str], flag: str) -> bool:
    return member[flag] == "true"


def _item(nested: re.Match[str]) -> str:
    """The class of one element."""
    name = nested[1]
    return f"{name[:-4]}OutputReference" if name.endswith("List") else name


def _collection(nested: re.Match[str]) -> str:
    return "set" if nested[2] == "true" else "list"


def _type(member: re.Match[str]) -> Any:
    if "new cdktn.StringMap(" in member["text"]:
        return TYPES["StringMap"]
    getter, field = GETTER.search(member["text"]), FIELD.search(member["text"])
    if getter:
        found = TYPES[getter[2]]
        return ["set", found[1]] if getter[1] else found
    if field is None:
        raise ValueError(f"no type to be seen for {member['name']}")
    return TYPES.get(field[1], "dynamic")


def texts(wheel: Path, wanted: set[str]) -> dict[str, str]:
    """The TypeScript of each wanted folder of the bindings; large ones lie in several files."""
    found: dict[str, str] = dict.fromkeys(wanted, "")
    with zipfile.ZipFile(wheel) as outer:
        inner = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        packed = io.BytesIO(outer.read(inner))
    with tarfile.open(fileobj=packed) as files:
        for file in files:
            folder = file.name.split("/")[2:3]
            if file.name.endswith(".js") and wanted.issuperset(folder) and folder:
                found[folder[0]] += _source_of(files, file)
    return found


def _source_of(files: tarfile.TarFile, file: tarfile.TarInfo) -> str:
    """What the source map at the end of a compiled file has."""
    script = files.extractfile(file)
    assert script
    source_map = base64.b64decode(script.read().rpartition(b"base64,")[2].strip())
    return str(json.loads(source_map)["sourcesContent"][0]) + "\n"


def folder_of(terraform_type: str) -> str:
    """`google_pubsub_topic` lies in `pubsub-topic`, `data.google_project` in
    `data-google-project`."""
    if terraform_type.startswith("data."):
        return terraform_type.replace("data.", "data-").replace("_", "-")
    return terraform_type.partition("_")[2].replace("_", "-")


def schema(wheel: Path, types: list[str]) -> dict[str, Any]:
    """The schema of the provider, of these resources and of these data sources."""
    folders = {folder_of(one): one.removeprefix("data.") for one in types} | {"provider": ""}
    found: dict[str, Any] = {kind: {} for kind in BASES.values()}
    for folder, text in texts(wheel, set(folders)).items():
        bindings = Bindings(text)
        for kind, name, body in bindings.roots():
            block = bindings.block(name)
            if kind == "provider":
                block["attributes"].pop("alias")  # the bindings' own
                version = VERSION.search(body)
                found |= {"provider": {"block": block}, "provider_version": version and version[1]}
            else:
                found[kind][folders[folder]] = {"block": block}
    return found


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(schema(Path(sys.argv[1]), sys.argv[3:])))
