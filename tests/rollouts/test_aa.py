"""A/A: the champion against itself, which changes nothing whatever is found."""

from typing import Any

import pytest

from ratchet.govern.roles import Actor, machine
from ratchet.kernel.errors import Forbidden, InvalidInput, NotFound, Refused
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.profile import PROFILES
from ratchet.store.port import Ref, Store
from tests.support.governed import (
    POLICY,
    ROBOT,
    assert_agreement,
    draft,
    entries,
    head_of,
    lineage_of,
    statuses,
)
from tests.support.trials import begin, ready, start_twins

EVE = Actor(name="eve", kind="person", role="service")


def test_twins_share_the_units_equally_with_the_champion(store: Store) -> None:
    ready(store)
    started = start_twins(store, arms=3)
    assert {c.arm: c.version for c in started.challengers} == dict.fromkeys(
        ("aa1", "aa2", "aa3"), f"{POLICY}@1.0.0"
    )
    assert (started.mode, started.purpose, started.champion) == ("split", "aa", f"{POLICY}@1.0.0")
    assert started.shares(0) == {"control": 0.25, "aa1": 0.25, "aa2": 0.25, "aa3": 0.25}
    assert (started.plan, started.promote_alpha, started.gates) == (None, None, ())
    assert get_rollout(store, started.id) == started
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "draft"}
    assert head_of(store).stages == {}
    assert (entries(store)[-1].action, entries(store)[-1].override) == ("start_rollout", False)
    assert_agreement(store)


def test_it_is_judged_by_the_profile_of_the_policys_behaviour_or_a_named_one(
    embedded: Store,
) -> None:
    ready(embedded)
    own = {"behaviour": {"gates": ["canary"], "profile": "cheaper-not-worse"}}
    embedded.set(Ref("config", "gates"), {"v": 1, "policies": {POLICY: own}})
    assert start_twins(embedded, share=0.2, end=True).shares(0) == {"control": 0.8, "aa1": 0.2}
    assert start_twins(embedded, end=True).profile == PROFILES["cheaper-not-worse"]
    assert start_twins(embedded, profile="quality-gain").profile == PROFILES["quality-gain"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"arms": 0}, "arms"),
        ({"arms": 5}, "arms"),
        ({"arms": 2, "share": 0.5}, "steps"),
        ({"profile": "none"}, "profile"),
        ({"reason": " "}, "reason"),
    ],
)
def test_what_cannot_be_tried_is_named(embedded: Store, fields: dict[str, Any], field: str) -> None:
    ready(embedded)
    with pytest.raises(InvalidInput) as caught:
        start_twins(embedded, **fields)
    assert caught.value.field == field
    assert head_of(embedded).rollout is None


def test_an_admin_starts_one_of_a_policy_that_is_active_and_idle(embedded: Store) -> None:
    with pytest.raises(NotFound):
        start_twins(embedded)
    draft(embedded)
    with pytest.raises(Refused, match="no active version"):
        start_twins(embedded)
    lineage_of(embedded, 1)
    for actor in (EVE, machine("tuner"), ROBOT):
        with pytest.raises(Forbidden):
            start_twins(embedded, actor=actor)
    running = start_twins(embedded).id
    with pytest.raises(Refused, match=f"rollout {running} of router-core runs already"):
        begin(embedded)
