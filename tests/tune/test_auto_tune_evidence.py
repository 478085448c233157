"""Auto-tune: which observations count, and which do not."""

from typing import Any

import pytest

from ratchet.observe.reward import RewardConfig, Weights
from ratchet.policies.history import get_version
from ratchet.policies.propose import propose
from ratchet.store.port import Store
from tests.support.governed import (
    ADA,
    KEYS,
    PARAMS,
    POLICY,
    alerts,
    draft,
    promote,
    statuses,
)
from tests.support.observing import NOON, configure, observation
from tests.support.tuning import ACTIVE, HOUR, loop, weights_of


def test_served_fallbacks_teach_nothing(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False, fallbackFrom="gemini")
    assert it.tune().decision == "passed"
    assert alerts(embedded) == []


@pytest.mark.parametrize("fields", [{}, {"propensity": 0.6}])
def test_rows_without_a_propensity_count_as_drawn(embedded: Store, fields: dict[str, Any]) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False, **fields)
    assert "over 100 draws" in " ".join(it.tune().reasons)


@pytest.mark.parametrize("version", ["another@1.0.0", f"{POLICY}@0.9.0"])
def test_what_another_policy_served_is_not_counted(embedded: Store, version: str) -> None:
    it = loop(embedded)
    propose(embedded, KEYS, ADA, "another", PARAMS, now=NOON, reason="x")
    it.report("gpt-5", 100, ok=False, policyVersion=version)
    assert it.all()[-1].decision == "passed"


def test_what_an_older_behaviour_served_is_not_counted(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False)
    draft(embedded, PARAMS | {"prompts": {"system": "be kind"}})
    promote(embedded, "1.0.1")
    assert it.tune().decision == "passed"


def test_what_the_same_behaviour_served_under_other_weights_is_counted(embedded: Store) -> None:
    it = loop(embedded, auto=True, carried=True)
    it.report("gpt-5", 100, ok=False)
    assert it.tune().version == "1.0.1"
    assert it.tune().version == "1.0.2"
    made = get_version(embedded, KEYS, POLICY, "1.0.2")
    assert made.root == ACTIVE
    assert weights_of(made)["gpt-5"] < 0.3


def test_what_was_served_without_a_version_is_counted(embedded: Store) -> None:
    it = loop(embedded)
    items = [
        observation(it.worker.clock(), component="router:gpt-5", outcome="failure")
        for _ in range(100)
    ]
    it.worker.batch("bare", items)
    it.worker.scored_later()
    assert it.tune().decision == "proposed"


def test_rewards_of_another_epoch_are_not_counted(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False)
    configure(embedded, RewardConfig(weights=Weights(error=0.5)))
    it.reader_of_a_new_process()
    assert it.tune().decision == "passed"


def test_only_the_last_day_counts_its_closed_hours_included(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False)
    it.worker.later(20 * HOUR)
    it.worker.roll()
    assert it.tune().decision == "proposed"
    it.worker.later(5 * HOUR)
    it.worker.roll()
    draft_before = statuses(embedded)
    assert it.tune().decision == "passed"
    assert statuses(embedded) == draft_before
