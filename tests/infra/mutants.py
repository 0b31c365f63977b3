"""What somebody might do to our Terraform, so that each policy shows that it bites."""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.policies import Policy
from infra.terraform import Terraform, resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """Something done to one file, the policy that must refuse it, and how."""

    policy: Policy
    fault: str
    file: str
    old: str
    new: str


def require_refused(copy: Terraform, mutants: Iterable[Mutant]) -> None:
    """All at once, and each by its own policy: a plan takes its time."""
    for mutant in mutants:
        path = copy.folder / mutant.file
        text = path.read_text()
        assert mutant.old in text, f"{mutant.old} is nowhere in {mutant.file}"
        path.write_text(text.replace(mutant.old, mutant.new))
    broken = resources(copy.plan())
    for mutant in mutants:
        faults = list(mutant.policy(broken))
        assert any(mutant.fault in fault for fault in faults), (mutant.policy.__name__, faults)
