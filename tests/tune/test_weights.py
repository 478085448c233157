"""`weights`: towards what is best, sharing among what is near best, inside the envelope."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.policies.space import Simplex
from ratchet.stats.bucket import Sums
from ratchet.stats.moments import Floats
from ratchet.tune.arms import Posterior
from ratchet.tune.view import Suggestion
from ratchet.tune.weights import gain_interval, near_best_shares, project, suggest
from tests.support.views import SIMPLEX, earned, view, weights_view

EPS = 1e-9


@st.composite
def projections(draw: st.DrawFn) -> tuple[Floats, Floats, Simplex]:
    """Draw a target, present weights (anywhere) and an envelope that some weights fit."""
    arms = draw(st.integers(1, 8))
    parts = st.lists(st.floats(0.001, 1), min_size=arms, max_size=arms)
    now, target = np.array(draw(parts)), np.array(draw(parts))
    span = Simplex(
        kind="simplex",
        floor=draw(st.floats(0, 1)) / arms * (1 - EPS),
        cap=min(1.0, 1 / arms + draw(st.floats(0, 1))),
        max_step=draw(st.floats(1e-3, 1)),
    )
    return target / target.sum(), now / now.sum(), span


@given(projections())
def test_projected_weights_sum_to_one_and_keep_the_step(
    case: tuple[Floats, Floats, Simplex],
) -> None:
    target, now, span = case
    found = project(target, now, span)
    assert found.sum() == pytest.approx(1, abs=1e-8)
    assert (found >= -EPS).all()
    assert (np.abs(found - now) <= span.max_step + EPS).all()


@given(projections())
def test_projected_weights_stay_inside_or_come_back_as_fast_as_the_step_allows(
    case: tuple[Floats, Floats, Simplex],
) -> None:
    target, now, span = case
    found = project(target, now, span)
    fastest_up, fastest_down = now + span.max_step, now - span.max_step
    least = np.clip(span.floor, fastest_down, fastest_up).sum()
    most = np.clip(span.cap, fastest_down, fastest_up).sum()
    if least <= 1 <= most:
        assert ((found >= span.floor - EPS) | (found >= fastest_up - EPS)).all()
        assert ((found <= span.cap + EPS) | (found <= fastest_down + EPS)).all()


@given(projections())
def test_a_target_inside_is_reached_to_four_digits(case: tuple[Floats, Floats, Simplex]) -> None:
    target, _, span = case
    wide = span.model_copy(update={"floor": 0.0, "cap": 1.0, "max_step": 1.0})
    assert np.abs(project(target, target[::-1], wide) - target).max() < 1e-3


def test_where_not_all_can_come_back_at_once_the_step_holds() -> None:
    span = Simplex(kind="simplex", floor=0.3, cap=1.0, max_step=0.1)
    found = project(np.array([0.3, 0.3, 0.4]), np.array([0.01, 0.01, 0.98]), span)
    np.testing.assert_allclose(found, [0.06, 0.06, 0.88])


def posterior(mean: Sequence[float], sd: float) -> Posterior:
    return Posterior(np.array(mean), np.eye(len(mean)) * sd**2, 24)


def test_arms_of_equal_merit_share_by_their_base_weights() -> None:
    base = np.array([0.6, 0.25, 0.15])
    np.testing.assert_allclose(near_best_shares(posterior([0.1] * 3, 1e-6), base, 1), base)


def test_arms_within_the_margin_of_the_best_share_too() -> None:
    base = np.array([0.25, 0.25, 0.5])
    shares = near_best_shares(posterior([0.100, 0.085, 0.0], 1e-6), base, 1)
    np.testing.assert_allclose(shares, [0.5, 0.5, 0.0])


def test_a_clear_winner_earns_nearly_everything() -> None:
    base = np.full(8, 1 / 8)
    shares = near_best_shares(posterior([0.2, *[0.0] * 7], 0.01), base, 1)
    assert shares[0] > 0.999


def test_shares_grow_with_the_evidence() -> None:
    base = np.full(3, 1 / 3)
    shares = [near_best_shares(posterior([0.1, 0, 0], sd), base, 1)[0] for sd in (1, 0.1, 0.01)]
    assert 0.33 < shares[0] < shares[1] - 0.1 < shares[2] - 0.2
    assert all(
        near_best_shares(posterior([0, 0, 0], 0.1), base, s).sum() == pytest.approx(1)
        for s in (1, 2)
    )


def test_a_gain_interval_holds_the_gain_and_widens_with_the_number_of_arms() -> None:
    change = np.array([0.1, -0.1])
    mean, low, high = gain_interval(posterior([0.2, 0.0], 0.01), change)
    assert mean == pytest.approx(0.02)
    assert low < mean < high
    assert high - mean == pytest.approx(mean - low, abs=2e-6)
    more = gain_interval(posterior([0.2, *[0.0] * 7], 0.01), np.array([0.1, -0.1, *[0.0] * 6]))
    assert more[2] - more[1] > high - low


UNIFORM = {"a": 0.25, "b": 0.25, "c": 0.25, "d": 0.25}


def day(**means: float) -> dict[str, list[Sums]]:
    return {arm: [earned(50, mean)] * 24 for arm, mean in means.items()}


def moved(found: Suggestion) -> dict[str, float]:
    weights: dict[str, float] = found.params["modelWeights"]
    return weights


def test_traffic_moves_to_the_better_arm_by_at_most_a_step() -> None:
    found = suggest(weights_view(UNIFORM, day(a=0.8, b=0.5, c=0.5, d=0.5)))
    assert moved(found)["a"] == pytest.approx(0.45)
    assert sum(moved(found).values()) == pytest.approx(1)
    assert found.gain is not None
    assert 0 < found.gain[1] < found.gain[0] < found.gain[2]
    # The step moves a fifth of the traffic from 0.5 to 0.8.
    assert found.gain[0] == pytest.approx(0.06, abs=0.005)
    assert found.reasons[0].startswith("a 0.250 -> 0.450: best or near best with probability 1.00")
    assert "mean reward 0.800 over 1200 draws" in found.reasons[0]


def test_reasons_count_the_draws_since_the_last_change() -> None:
    hours = day(a=0.5, b=0.5, c=0.5, d=0.5)
    hours["a"] = [earned(50, 0.9)] * 18 + [earned(50, 0.2)] * 6
    found = suggest(weights_view(UNIFORM, hours))
    assert moved(found)["a"] == pytest.approx(0.05, abs=0.01)
    assert "mean reward 0.200 over 300 draws" in found.reasons[0]


def test_arms_of_equal_merit_stay_where_their_base_puts_them() -> None:
    weights = {"a": 0.7, "b": 0.2, "c": 0.1}
    hours = {arm: [earned(2000, 0.6)] * 24 for arm in weights}
    found = suggest(weights_view(weights, hours))
    assert found.params == {}
    assert found.reasons == (
        "modelWeights: weights are within 0.02 of where 144000 draws put them",
    )


def test_arms_of_equal_merit_go_back_to_the_lineages_base() -> None:
    base = {"a": 0.4, "b": 0.4, "c": 0.2}
    hours = {arm: [earned(2000, 0.6)] * 24 for arm in base}
    found = suggest(weights_view({"a": 0.6, "b": 0.3, "c": 0.1}, hours, base=base))
    assert moved(found) == pytest.approx(base, abs=0.01)
    named = weights_view(
        {"a": 0.6, "b": 0.3, "c": 0.1}, hours, span={"base": {"a": 0.5, "b": 0.3, "c": 0.2}}
    )
    assert moved(suggest(named)) == pytest.approx({"a": 0.5, "b": 0.3, "c": 0.2}, abs=0.01)


def test_a_base_that_names_other_arms_is_not_used() -> None:
    weights = {"a": 0.5, "b": 0.5}
    hours = {arm: [earned(2000, 0.6)] * 24 for arm in weights}
    assert suggest(weights_view(weights, hours, base={"a": 0.2, "z": 0.8})).params == {}


@pytest.mark.parametrize("n", [0, 1, 29])
def test_too_few_draws_suggest_nothing_and_say_so(n: int) -> None:
    found = suggest(weights_view(UNIFORM, {"a": [earned(n, 0.1)], "b": [earned(n, 0.9)]}))
    assert (found.params, found.gain) == ({}, None)
    reason = f"modelWeights: {2 * n} randomised draws in the window, 30 of an arm wanted"
    assert found.reasons == (reason,)


def test_no_component_at_all_suggests_nothing() -> None:
    found = suggest(weights_view(UNIFORM, {}))
    assert found.params == {}
    assert "0 randomised draws" in found.reasons[0]


def test_an_arm_tried_seldom_moves_less() -> None:
    few = suggest(
        weights_view(UNIFORM, {arm: [earned(30, 0.5)] for arm in "bcd"} | {"a": [earned(30, 0.1)]})
    )
    many = suggest(
        weights_view(
            UNIFORM, {arm: [earned(900, 0.5)] for arm in "bcd"} | {"a": [earned(900, 0.1)]}
        )
    )
    assert 0.25 > moved(few)["a"] > moved(many)["a"]


def test_floor_cap_and_step_are_the_envelopes() -> None:
    span = {"floor": 0.1, "cap": 0.5, "maxStep": 0.3}
    weights = {"a": 0.3, "b": 0.3, "c": 0.3, "d": 0.1}
    found = suggest(weights_view(weights, day(a=0.9, b=0.5, c=0.5, d=0.5), span=span))
    assert moved(found)["a"] == pytest.approx(0.5)
    assert min(moved(found).values()) >= 0.1 - EPS


def test_a_small_step_still_moves() -> None:
    found = suggest(weights_view(UNIFORM, day(a=0.9, b=0.5, c=0.5, d=0.5), span={"maxStep": 0.01}))
    assert moved(found)["a"] == pytest.approx(0.26, abs=1e-3)


def test_the_same_view_gives_the_same_suggestion() -> None:
    hours = day(a=0.62, b=0.6, c=0.55, d=0.5)
    first, again = (suggest(weights_view(UNIFORM, hours)) for _ in range(2))
    assert repr(first) == repr(again)
    assert repr(first) != repr(suggest(weights_view(UNIFORM, hours, seed=2)))


def test_draws_that_were_not_random_teach_nothing() -> None:
    served = earned(500, 0.9)
    fallbacks = served.model_copy(update={"drawn": earned(0, 0.0).drawn})
    hours = day(b=0.5, c=0.5, d=0.5)
    with_fallbacks = suggest(weights_view(UNIFORM, hours | {"a": [fallbacks] * 24}))
    without = suggest(weights_view(UNIFORM, hours))
    assert with_fallbacks == without


def test_an_envelope_without_weights_says_so() -> None:
    found = suggest(view({"x": 1}, {}, {}))
    assert found.reasons == ("the envelope holds no weights",)


def test_every_simplex_of_the_envelope_is_tuned_by_itself() -> None:
    params = {"models": {"a": 0.5, "b": 0.5}, "regions": {"eu": 0.5, "us": 0.5}}
    space = {"models": SIMPLEX, "regions": SIMPLEX | {"components": {"eu": "eu", "us": "us"}}}
    hours = {"router:a": 0.8, "router:b": 0.4, "eu": 0.4, "us": 0.8}
    found = suggest(view(params, space, {c: [earned(500, m)] for c, m in hours.items()}))
    assert found.params["models"]["a"] == pytest.approx(0.7)
    assert found.params["regions"]["us"] == pytest.approx(0.7)
    assert found.gain is None
