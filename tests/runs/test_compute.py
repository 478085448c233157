"""The composite run loss: by hand, and by what must hold of any run."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.observe.run_totals import RunObserved
from ratchet.runs.compute import run_loss
from ratchet.runs.loss import RunLoss
from ratchet.runs.run import RunReport
from ratchet.runs.settings import RunLossSettings
from ratchet.stats.run_sums import TERMS
from tests.support.observing import NOON
from tests.support.told import a_run

WEIGHTS = dict(zip(TERMS, (0.25, 0.15, 0.15, 0.10, 0.10, 0.10, 0.05, 0.05, 0.05), strict=True))
BUDGET = {"maxCostUsd": 1.0, "maxDurationMs": 1000.0}
# Of each term: a perfect run's fields, a worse one's, and the loss of the term that is then had.
WORSE: dict[str, tuple[dict[str, Any], float]] = {
    "gatePassRate": ({"gates": {"a": "passed", "b": "failed", "c": "passed", "d": "passed"}}, 0.25),
    "contradictions": ({"contradictions": 1}, 0.2),
    "grounding": ({"grounding": 0.6}, 0.4),
    "costOverBudget": ({"costUsd": 1.3}, 0.3),
    "latencyP95": ({"durationMs": 1600.0}, 0.6),
    "securityCriticals": ({"securityCriticals": 2}, 1),
    "apiBreakages": ({"apiBreakages": 2}, 2 / 3),
    "dbMigrationFail": ({"dbMigrationFail": 1}, 1),
    "ragCoverage": ({"ragCoverage": 0.9}, 0.1),
}
PERFECT = {
    "contradictions": 0,
    "grounding": 1,
    "securityCriticals": 0,
    "apiBreakages": 0,
    "dbMigrationFail": 0,
    "ragCoverage": 1,
}


def loss_of(settings: RunLossSettings | None = None, **fields: Any) -> RunLoss:
    """Return the loss of a perfect run but for some fields; what is no field is a metric."""
    outside = ("gates", "costUsd", "durationMs", "tenant", "phase")
    told: dict[str, Any] = {
        "gates": {"a": "passed"},
        "costUsd": 1.0,
        "durationMs": 1000.0,
        "budget": BUDGET,
    }
    told |= {k: v for k, v in fields.items() if k in outside}
    metrics = PERFECT | {k: v for k, v in fields.items() if k not in outside}
    kept = {k: v for k, v in metrics.items() if v is not None}
    report = RunReport.parse(a_run(**(told | {"metrics": kept})))
    return run_loss(settings or RunLossSettings(), report, RunObserved(), now=NOON)


def test_a_perfect_run_has_no_loss_and_nothing_missing() -> None:
    found = loss_of()
    assert (found.loss, found.missing, list(found.terms)) == (0, (), list(TERMS))
    assert {name: term.weight for name, term in found.terms.items()} == pytest.approx(WEIGHTS)


@pytest.mark.parametrize("term", TERMS)
def test_a_term_that_is_worse_adds_its_loss_by_its_weight(term: str) -> None:
    fields, loss = WORSE[term]
    found = loss_of(**fields)
    assert found.loss == pytest.approx(WEIGHTS[term] * loss)
    assert found.terms[term].loss == pytest.approx(loss)
    assert found.terms[term].part == pytest.approx(WEIGHTS[term] * loss)


def test_a_run_that_is_worse_in_all_terms_by_hand() -> None:
    fields = {name: value for told, _ in WORSE.values() for name, value in told.items()}
    # .25*.25 + .15*.2 + .15*.4 + .1*.3 + .1*.6 + .1*1 + .05*2/3 + .05*1 + .05*.1
    assert loss_of(**fields).loss == pytest.approx(0.4308333333)


def test_what_is_missing_is_named_and_the_rest_weighs_more() -> None:
    found = loss_of(grounding=None, ragCoverage=None, contradictions=5)
    assert found.missing == ("grounding", "ragCoverage")
    assert found.loss == pytest.approx(0.15 / 0.8)
    assert sum(term.weight for term in found.terms.values()) == pytest.approx(1)
    assert (found.weights, found.computed_at) == ("default", NOON)


def test_of_nothing_there_is_no_loss() -> None:
    bare = RunReport.parse(a_run(gates={}, metrics={}))
    found = run_loss(RunLossSettings(), bare, RunObserved(), now=NOON)
    assert (found.loss, found.terms, found.missing) == (None, {}, TERMS)


def test_where_what_is_known_weighs_nothing_there_is_no_loss() -> None:
    only = RunLossSettings(weights=dict.fromkeys(TERMS, 0.0) | {"ragCoverage": 1.0})
    report = RunReport.parse(a_run())
    found = run_loss(only, report, RunObserved(), now=NOON)
    assert found.loss is None
    assert found.terms["gatePassRate"].loss == 0.5


def test_weights_are_those_of_the_tenant_and_the_phase_and_named() -> None:
    settings = RunLossSettings.from_store(
        {"v": 1, "tenants": {"acme": {"phases": {"build": {"weights": {"grounding": 1.0}}}}}}
    )
    found = loss_of(settings, tenant="acme", phase="build", grounding=0.25, contradictions=5)
    assert (found.loss, found.weights) == (0.75, "tenant acme in phase build")
    assert loss_of(settings, tenant="acme", contradictions=5).loss == pytest.approx(0.15)


def test_a_loss_names_the_settings_that_it_was_computed_by() -> None:
    other = RunLossSettings(keep_days=10)
    assert loss_of().settings == loss_of(grounding=0.1).settings != loss_of(other).settings


weights = (
    st.lists(st.integers(0, 20), min_size=9, max_size=9)
    .filter(any)
    .map(lambda parts: {t: p / sum(parts) for t, p in zip(TERMS, parts, strict=True)})
)
known = st.fixed_dictionaries(
    {
        "contradictions": st.none() | st.integers(0, 9),
        "grounding": st.none() | st.floats(0, 1),
        "securityCriticals": st.none() | st.integers(0, 3),
        "apiBreakages": st.none() | st.integers(0, 9),
        "dbMigrationFail": st.none() | st.floats(0, 1),
        "ragCoverage": st.none() | st.floats(0, 1),
        "costUsd": st.floats(0, 5),
        "durationMs": st.floats(0, 5000),
    }
)


@given(weights=weights, told=known, data=st.data())
def test_a_loss_is_at_most_1_and_grows_with_each_term_that_grows_worse(
    weights: dict[str, float], told: dict[str, Any], data: st.DataObject
) -> None:
    settings = RunLossSettings(weights=weights)
    before = loss_of(settings, **told)
    if before.loss is None:
        return
    assert 0 <= before.loss <= 1
    assert {*before.terms, *before.missing} == set(TERMS)
    assert sum(term.weight for term in before.terms.values()) == pytest.approx(1)
    name = data.draw(st.sampled_from([name for name, value in told.items() if value is not None]))
    share = data.draw(st.floats(0, 1))
    if name in ("grounding", "ragCoverage"):
        worse = told[name] * share
    else:
        worse = min(1.0, told[name] + share) if name == "dbMigrationFail" else told[name] + share
    after = loss_of(settings, **(told | {name: worse}))
    assert after.loss is not None
    assert after.loss >= before.loss - 1e-12
