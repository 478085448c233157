"""Weights of the run loss: inherited, scaled, and refused where they cannot sum to 1."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.errors import InvalidConfig
from ratchet.runs.settings import RunLossSettings
from ratchet.runs.weights import DEFAULT, overridden
from ratchet.stats.run_sums import TERMS
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import Worker, alerts, configure, worker
from tests.support.told import a_run, tell


def settings(**fields: Any) -> RunLossSettings:
    return RunLossSettings.from_store({"v": 1} | fields)


NESTED = {
    "phases": {"build": {"weights": {"gatePassRate": 0.5}}},
    "tenants": {
        "acme": {
            "weights": {"securityCriticals": 0.4},
            "phases": {"build": {"weights": {"grounding": 0.0}}},
        }
    },
}


def test_the_default_weights_sum_to_1() -> None:
    assert sum(RunLossSettings().weights.values()) == pytest.approx(1, abs=1e-12)


def test_a_phase_scales_what_it_does_not_name() -> None:
    weights, whose = settings(**NESTED).weights_of("default", "build")
    assert whose == "phase build"
    # 0.75 was left of 1 beside the gates, 0.5 is now: two thirds of each.
    assert weights["gatePassRate"] == 0.5
    assert weights["contradictions"] == pytest.approx(0.1)
    assert weights["ragCoverage"] == pytest.approx(1 / 30)


def test_a_tenant_comes_after_the_phase_and_its_own_phase_last() -> None:
    weights, whose = settings(**NESTED).weights_of("acme", "build")
    assert whose == "phase build, tenant acme, tenant acme in phase build"
    # Security has 0.0667 after the phase; with 0.4 the others have 0.6 / 0.9333 of theirs:
    # gates 0.3214, contradictions and grounding 0.0643. Without grounding, all by 1 / 0.9357.
    assert weights["grounding"] == 0
    assert weights["securityCriticals"] == pytest.approx(0.427481, abs=1e-6)
    assert weights["gatePassRate"] == pytest.approx(0.343511, abs=1e-6)
    assert settings(**NESTED).weights_of("acme", "test")[1] == "tenant acme"


named = st.dictionaries(st.sampled_from(TERMS), st.floats(0, 1 / 9), max_size=8)


@given(st.lists(named, max_size=3))
def test_inherited_weights_always_sum_to_1(steps: list[dict[str, float]]) -> None:
    weights = dict(DEFAULT)
    for step in steps:
        try:
            weights = overridden(weights, step, field="weights")
        except InvalidConfig:  # all that is left has no weight
            return
        assert all(weights[term] == weight for term, weight in step.items())
        assert sum(weights.values()) == pytest.approx(1, abs=1e-9)
        assert min(weights.values()) >= 0


ZEROS = dict.fromkeys(TERMS, 0.0)


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"weights": {"gatePassRate": 1.0}}, "weights", "contradictions has no weight"),
        ({"weights": ZEROS | {"grounding": 0.5}}, "weights", "all weights sum to 1, these to 0.5"),
        ({"weights": dict(DEFAULT) | {"grounding": -0.1}}, "weights.grounding", "greater than"),
        ({"phases": {"b": {"weights": {"rag": 0.1}}}}, "phases.b.weights", "rag is no term"),
        (
            {"tenants": {"t": {"weights": {"grounding": 0.7, "ragCoverage": 0.4}}}},
            "tenants.t.weights",
            "sum to 1 at most, these to 1.1",
        ),
        (
            {
                "weights": ZEROS | {"grounding": 1.0},
                "tenants": {"t": {"phases": {"b": {"weights": {"grounding": 0.5}}}}},
            },
            "tenants.t.phases.b.weights",
            "weigh nothing",
        ),
        (
            {"rules": {"contradictions": {"saturatesAt": 0}}},
            "rules.contradictions.saturatesAt",
            "greater than 0",
        ),
        ({"rules": {"grounding": {}}}, "rules.grounding", "unknown field"),
        ({"keepDays": 0}, "keepDays", "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(
    fields: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(InvalidConfig) as caught:
        settings(**fields)
    assert caught.value.field == field
    assert reason in caught.value.message


def test_a_broken_document_leaves_the_last_good_weights(embedded: SqliteStore) -> None:
    at = worker(embedded)
    gates_alone = settings(weights=ZEROS | {"gatePassRate": 1.0})
    configure(embedded, gates_alone)
    assert tell(at, a_run()).loss.loss == 0.5
    broken = {"v": 1, "weights": {"gatePassRate": 2.0}}
    embedded.set(Ref("config", "run_loss"), broken)
    fresh = Worker(embedded, at.clock)
    assert tell(fresh, a_run("r2")).loss.loss == 0.5
    assert "config-broken" in alerts(embedded)
