"""Every term of the run loss is registered, weighed, and grows worse one way only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from ratchet.observe.run_totals import RunObserved
from ratchet.runs import terms
from ratchet.runs.run import RunReport
from ratchet.runs.term_rules import Rules
from ratchet.runs.terms import MEASURES
from ratchet.runs.terms.facts import Facts
from ratchet.runs.terms.measure import Measure
from ratchet.runs.weights import DEFAULT
from ratchet.stats.run_sums import TERMS
from tests.contracts.test_registries import modules
from tests.support.told import a_run

every_term = pytest.mark.parametrize("name", MEASURES)
# Which way a term's value grows worse, and the values that it may have.
GOOD_SHARES = {"gatePassRate", "grounding", "ragCoverage"}
values = st.floats(0, 1) | st.floats(0, 1e6)


def test_every_file_that_measures_is_registered_under_its_name() -> None:
    found = {n: m.MEASURE for n, m in modules(terms).items() if hasattr(m, "MEASURE")}
    assert dict(MEASURES) == {to_camel(name): measure for name, measure in found.items()}
    assert tuple(MEASURES) == TERMS
    assert tuple(DEFAULT) == TERMS


@every_term
def test_of_nothing_told_there_is_no_value(name: str) -> None:
    bare = RunReport.parse({k: a_run()[k] for k in ("runId", "ts", "component")})
    assert MEASURES[name].value(Facts(bare, RunObserved())) is None


@every_term
@given(a=values, b=values)
def test_a_loss_is_0_to_1_and_monotone_in_its_value(name: str, a: float, b: float) -> None:
    measure: Measure = MEASURES[name]
    sharing = name in GOOD_SHARES or (0.0, 1.0) in measure.metrics.values()
    low, high = sorted((min(a, 1.0), min(b, 1.0)) if sharing else (a, b))
    better, worse = (high, low) if name in GOOD_SHARES else (low, high)
    rules = Rules()
    assert 0 <= measure.loss(better, rules) <= measure.loss(worse, rules) <= 1


@every_term
def test_a_perfect_value_costs_nothing_and_the_worst_all(name: str) -> None:
    perfect, worst = (1.0, 0.0) if name in GOOD_SHARES else (0.0, 1e6)
    worst = 1.0 if name == "dbMigrationFail" else worst
    losses = [MEASURES[name].loss(value, Rules()) for value in (perfect, worst)]
    assert losses == [0, 1]
