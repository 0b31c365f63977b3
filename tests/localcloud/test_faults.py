from typing import Any

import pytest

from localcloud.faults import Faults, Rule, parse_rule


def test_a_fault_happens_once_and_then_no_more() -> None:
    faults = Faults()
    faults.add(Rule(method="storage.objects.get", status=503))
    assert faults.take("storage.objects.get", "/x") is not None
    assert faults.take("storage.objects.get", "/x") is None


def test_a_rule_lets_the_first_calls_through() -> None:
    faults = Faults()
    faults.add(Rule(method="*", skip=2, times=2, status=503))
    hits = [faults.take("any", "/x") is not None for _ in range(6)]
    assert hits == [False, False, True, True, False, False]


def test_a_rule_without_a_number_of_times_goes_on() -> None:
    faults = Faults()
    faults.add(Rule(method="storage.objects.*", times=None, delay_seconds=0))
    assert all(faults.take("storage.objects.get", "/x") for _ in range(20))
    assert faults.take("storage.buckets.get", "/x") is None


def test_a_rule_may_mean_some_targets_only() -> None:
    faults = Faults()
    faults.add(Rule(method="*", match="secret", cut="before"))
    assert faults.take("m", "/open") is None
    assert faults.take("m", "/a/secret/b") is not None


def test_hits_are_counted_and_rules_can_be_cleared() -> None:
    faults = Faults()
    faults.add(Rule(method="*", corrupt=True))
    faults.take("m", "/x")
    faults.take("m", "/x")
    assert [rule["hits"] for rule in faults.list()] == [1]
    faults.clear()
    assert faults.list() == []


@pytest.mark.parametrize(
    "value",
    [
        {"method": "m"},
        {"method": "m", "status": 500, "cut": "after"},
        {"method": "m", "cut": "sideways"},
        {"method": "m", "status": "500"},
        {"method": "m", "status": 500, "colour": "red"},
        {"status": 500},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the message is msgspec's)
        parse_rule(value)


def test_a_rule_can_be_told_in_json() -> None:
    rule = parse_rule({"method": "push", "match": "topic", "times": None, "double": True})
    assert rule == Rule(method="push", match="topic", times=None, double=True)
