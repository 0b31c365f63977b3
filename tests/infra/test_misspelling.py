"""Whatever is misspelled in our Terraform is refused, and where it stands."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from infra.misspelling import Word, words
from infra.terraform import Terraform
from infra.toolbox import AWS, GCP, MODULES, Module

LEAST = 0.95
LOOPS = ("for_each", "count")


def all_words(module: Module) -> list[Word]:
    return [
        word
        for path in sorted(module.folder.rglob("*.tf"))
        for word in words(str(path.relative_to(module.folder)), path.read_text())
    ]


@contextmanager
def misspelled(terraform: Terraform, wrong: Iterable[Word]) -> Iterator[None]:
    """While this lasts, all of these words are wrong."""
    by_file: defaultdict[str, list[Word]] = defaultdict(list)
    for word in wrong:
        by_file[word.file].append(word)
    right = {file: (terraform.folder / file).read_text() for file in by_file}
    for file, found in by_file.items():
        lines = right[file].splitlines()
        for word in found:
            word.misspelled_in(lines)
        (terraform.folder / file).write_text("\n".join(lines) + "\n")
    yield
    for file, text in right.items():
        (terraform.folder / file).write_text(text)


def refused(terraform: Terraform, wrong: list[Word]) -> set[Word]:
    """Those of which `validate` complains in their own line, all being wrong at once."""
    with misspelled(terraform, wrong):
        found = terraform.diagnostics()
    ranges = [one["range"] for one in found if one["summary"].startswith("Unsupported ")]
    lines = {(one["filename"], one["start"]["line"] - 1) for one in ranges}
    return {word for word in wrong if (word.file, word.line) in lines}


def is_refused(terraform: Terraform, word: Word) -> bool:
    """Alone, and by whatever means: a plan looks where `validate` does not."""
    with misspelled(terraform, [word]):
        return bool(terraform.diagnostics() or terraform.refuses())


def test_the_words_are_all_there() -> None:
    found = {module: all_words(module) for module in MODULES}
    names = {module: {word.name for word in found[module]} for module in MODULES}
    assert len(found[GCP]) > 400
    assert {"uniform_bucket_level_access", "expiration_policy", "for_each", "max"} <= names[GCP]
    assert not names[GCP] & {"CUSTODY_PROJECT", "PYTHONPATH", "capture"}
    assert len(found[AWS]) > 80
    assert {"object_lock_enabled", "filter", "assume_role_policy", "for_each"} <= names[AWS]
    assert not names[AWS] & {"Statement", "versions", "restorers"}


def survivors(terraform: Terraform, wrong: list[Word]) -> list[Word]:
    """Those of which nobody complains. Many are tried at once: one run takes its time."""
    if len(wrong) < 2:
        return [word for word in wrong if not is_refused(terraform, word)]
    seen = refused(terraform, wrong)
    left = [word for word in wrong if word not in seen]
    if seen:
        return survivors(terraform, left)
    half = len(left) // 2
    return survivors(terraform, left[:half]) + survivors(terraform, left[half:])


@pytest.mark.parametrize("which", ["copy", "offsite_copy"])
def test_what_is_misspelled_is_refused(which: str, request: pytest.FixtureRequest) -> None:
    """A misspelled loop is complained of elsewhere, and hides what else is wrong."""
    terraform: Terraform = request.getfixturevalue(which)
    found = all_words(terraform.module)
    loops, others = split(found)
    lost = [word for word in loops if not is_refused(terraform, word)]
    for wrong in others.values():
        lost += survivors(terraform, wrong)
    told = ", ".join(f"{word.file}:{word.line + 1} {word.name}" for word in lost)
    assert len(lost) <= (1 - LEAST) * len(found), told
    assert lost == [], told


def split(found: Iterable[Word]) -> tuple[list[Word], dict[str, list[Word]]]:
    loops: list[Word] = []
    others: defaultdict[str, list[Word]] = defaultdict(list)
    for word in found:
        (loops if word.name in LOOPS else others[word.kind]).append(word)
    return loops, others
