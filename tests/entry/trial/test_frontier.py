"""Frontier: who is dominated by whom, and how clearly."""

from ratchet.entry.trial.estimates import Estimate
from ratchet.entry.trial.frontier import NO_PRICE, NO_VALUE, Axis, Frontier, frontier


def around(value: float, reach: float = 0.0) -> Estimate:
    """Return an estimate with an interval."""
    return Estimate(value=value, low=value - reach, high=value + reach)


def judged(cost: dict[str, Estimate], value: dict[str, Estimate]) -> Frontier:
    """Return the frontier of success by cost."""
    arms = sorted({*cost, *value})
    return frontier(arms, [Axis("cost", cost)], Axis("success", value))


def test_an_arm_that_costs_more_and_does_no_better_is_dominated() -> None:
    found = judged(
        {"cheap": around(1), "dear": around(3), "waste": around(4), "poor": around(2)},
        {"cheap": around(0.6), "dear": around(0.9), "waste": around(0.9), "poor": around(0.5)},
    )
    assert [(p.arm, p.by) for p in found.places] == [
        ("cheap", None),
        ("poor", "cheap"),
        ("dear", None),
        ("waste", "dear"),
    ]
    assert [p.clear for p in found.places] == [False, True, False, True]


def test_intervals_that_overlap_make_it_less_than_clear() -> None:
    found = judged(
        {"a": around(1), "b": around(2)}, {"a": around(0.6, 0.1), "b": around(0.55, 0.1)}
    )
    assert [(p.by, p.clear) for p in found.places] == [(None, False), ("a", False)]


def test_equal_arms_do_not_dominate_each_other() -> None:
    same = {"a": around(1), "b": around(1)}
    assert [p.by for p in judged(same, same).places] == [None, None]


def test_an_arm_of_unknown_cost_is_not_placed() -> None:
    value = {"a": around(0.5), "b": around(0.6), "c": around(0.7)}
    found = judged({"a": around(1), "b": around(2)}, value)
    assert found.without == ("c",)


def test_where_no_cost_is_known_latency_is_the_price_and_else_there_is_none() -> None:
    value = Axis("success", {"a": around(0.5), "b": around(0.6)})
    slow = Axis("p50 latency", {"a": around(10), "b": around(20)})
    assert frontier(["a", "b"], [Axis("cost", {}), slow], value).price == "p50 latency"
    assert frontier(["a", "b"], [Axis("cost", {})], value).reason == NO_PRICE
    assert frontier(["a", "b"], [slow], None).reason == NO_VALUE
