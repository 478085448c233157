"""costOverBudget: how many times its budget a run cost; within the budget is no loss."""

from ratchet.runs.term_rules import Rules, times_of
from ratchet.runs.terms.facts import Facts
from ratchet.runs.terms.measure import Measure


def _value(facts: Facts) -> float | None:
    return times_of(facts.cost_usd, facts.report.budget.max_cost_usd)


def _loss(value: float, rules: Rules) -> float:
    return rules.cost_over_budget.loss(value)


MEASURE = Measure(_value, _loss, {})
