"""Faults that a test asks for: errors, delays, torn connections, flipped bytes, lost pushes."""

import threading
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One fault: which calls it meets, how often, and what happens to them."""

    method: str
    match: str | None = None
    skip: int = 0
    times: int | None = 1

    status: int | None = None
    reason: str = "backendError"
    message: str = "injected fault"
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float | None = None
    cut: Literal["before", "after", "body"] | None = None
    corrupt: bool = False
    drop: bool = False
    double: bool = False
    reorder: bool = False

    def __post_init__(self) -> None:
        kinds = (self.status, self.delay_seconds, self.cut)
        marks = (self.corrupt, self.drop, self.double, self.reorder)
        if sum(kind is not None for kind in kinds) + sum(marks) != 1:
            raise ValueError("a rule needs exactly one fault")

    def meets(self, method: str, target: str) -> bool:
        """Whether a call of `method` on `target` is one that the rule is about."""
        return fnmatchcase(method, self.method) and (self.match is None or self.match in target)


def parse_rule(value: dict[str, Any]) -> Rule:
    """A rule from JSON; ValueError names what is wrong with it."""
    if unknown := set(value) - {known.name for known in fields(Rule)}:
        raise ValueError(f"a rule has no {', '.join(sorted(unknown))}")
    try:
        return msgspec.convert(value, Rule)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


@dataclass(slots=True, kw_only=True)
class _Armed:
    rule: Rule
    seen: int = 0
    hits: int = 0

    def fires(self) -> bool:
        """Counts a matching call and says whether the fault happens to it."""
        self.seen += 1
        if self.seen <= self.rule.skip or self.hits == self.rule.times:
            return False
        self.hits += 1
        return True


Report = list[dict[str, Any]]


class Faults:
    """The armed rules of one server, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def add(self, rule: Rule) -> None:
        with self._lock:
            self._armed.append(_Armed(rule=rule))

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def list(self) -> Report:
        """Every rule with the number of calls that it hit."""
        with self._lock:
            return [{**asdict(armed.rule), "hits": armed.hits} for armed in self._armed]

    def take(self, method: str, target: str) -> Rule | None:
        """The first rule that fires for this call; earlier ones count it even when they do not."""
        with self._lock:
            for armed in self._armed:
                if armed.rule.meets(method, target) and armed.fires():
                    return armed.rule
        return None
