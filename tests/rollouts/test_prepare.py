"""Preparing a rollout: what is counted, by its profile and its champion."""

from typing import Any

import pytest

from ratchet.observe.epochs import current_epoch
from ratchet.policies.history import get_version
from ratchet.rollouts.prepare import Prepared, prepare
from ratchet.rollouts.profile import PROFILES
from ratchet.rollouts.rollout import RolloutDraft
from ratchet.store.port import Ref, Store
from tests.support.governed import KEYS, NOON, PARAMS, POLICY, draft, promote, weights
from tests.support.trials import SALT, asked, reader_of, ready


def prepared(store: Store, **options: Any) -> Prepared:
    wanted = RolloutDraft.parse(asked(**options))
    champion = get_version(store, KEYS, POLICY, "1.0.0")
    return prepare(store, reader_of(store), wanted, champion, salt=SALT, now=NOON)


def test_it_watches_the_arms_and_steps_of_the_draft_as_the_profile_counts(embedded: Store) -> None:
    ready(embedded)
    current_epoch(embedded, reader_of(embedded), now=NOON)
    embedded.set(Ref("config", "reward_config"), {"v": 1, "weights": {"latency": 0.1}})
    counted = {"outcome_window_hours": 6.0, "latency_objective_ms": 900.0}
    profile = PROFILES["significance"].model_copy(update=counted)
    two = {"a": f"{POLICY}@1.0.1", "b": f"{POLICY}@1.0.2"}
    watch = prepared(embedded, arms=two, steps=(0.1, 0.2), profile=profile).watch
    assert (watch.arms, watch.steps, watch.epoch) == (("control", "a", "b"), 2, 2)
    assert (watch.outcome_window_hours, watch.latency_objective_ms) == (6.0, 900.0)


@pytest.mark.parametrize(
    ("target", "objective"),
    [(2500, 2500.0), (0.5, 0.5), (8 * 86_400_000, None), (None, None)],
)
def test_a_champions_target_is_the_objective_where_it_can_be_one(
    embedded: Store, target: float | None, objective: float | None
) -> None:
    params = {name: value for name, value in PARAMS.items() if name != "latencyTargetMs"}
    own = params if target is None else params | {"latencyTargetMs": target}
    promote(embedded, draft(embedded, own, tuning_space={}).version)
    assert prepared(embedded).watch.latency_objective_ms == objective


@pytest.mark.parametrize("purpose", ["holdback", "aa"])
def test_only_a_trial_spends_of_its_programme(embedded: Store, purpose: str) -> None:
    ready(embedded)
    draft(embedded, weights(0.4))
    profile = PROFILES["significance"].model_copy(update={"budget": "programme"})
    assert prepared(embedded, profile=profile, purpose=purpose).promote_alpha is None
    assert prepared(embedded, profile=profile).promote_alpha is not None
