"""P-values that hold at any look, and say what the bounds say."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.rollouts.evidence import EVIDENCE
from ratchet.rollouts.p_value import p_value
from ratchet.rollouts.pair import Pair, Question
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats
from tests.support.paired import ALTERNATING, ERROR
from tests.support.weighing import GOOD, HALF, NOTHING, POOR, RARE, N, events, pair, stacked

KINDS = ("asymptotic", "mixture")
QUESTIONS = (
    Question(),
    Question(low_error=0.001, high_error=0.04, planned_error=0.02, planned_events=5.0),
    Question(low_error=0.1, high_error=0.002, planned_events=900.0),
)


def drawn(runs: int, looks: int, rates: Floats, seed: int = 6) -> Pair:
    """Return runs of two arms of 0 and 1 at each look. Shapes: rates broadcasts to (runs, 2)."""
    rng = np.random.default_rng(seed)
    den = rng.poisson(1.0, (runs, looks, 1, 2, BINS))
    num = rng.binomial(den, np.broadcast_to(rates, (runs, 2))[:, None, None, :, None])
    trials, hits = (x.cumsum(1).astype(float) for x in (den, num))
    return Pair(hits, trials, HALF, trials.sum((-3, -1)))


@pytest.mark.parametrize("question", QUESTIONS, ids=["even", "planned", "uneven"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_twice_an_error_at_most_exactly_where_that_bound_leaves_0_out(
    kind: str, question: Question
) -> None:
    rng = np.random.default_rng(4)
    base = 10 ** rng.uniform(-2.5, -0.01, 100)
    rates = np.stack([base, np.clip(base * np.exp(rng.normal(0, 0.5, 100)), 0, 1)], -1)
    met = drawn(100, 4, rates)
    bounds, found = EVIDENCE[kind](met, question), p_value(met, question, kind)
    better, worse = bounds.low > 0, bounds.high < 0
    up = bounds.estimate > 0
    np.testing.assert_array_equal(better, up & (found <= 2 * question.low_error))
    np.testing.assert_array_equal(worse, ~up & (found <= 2 * question.high_error))
    assert min(better.sum(), worse.sum(), (~better & ~worse).sum()) > 15


@pytest.mark.parametrize("rate", [0.01, 0.5])
@pytest.mark.parametrize("kind", KINDS)
def test_of_like_arms_it_is_seldom_small_at_any_of_many_looks(kind: str, rate: float) -> None:
    # Of 150 runs of 8 looks, a share of `level` may ever have so small a p-value; 3.5 sigma more.
    least = p_value(drawn(150, 8, np.array(rate)), Question(), kind).min(1)
    for level in (0.01, 0.05, 0.2):
        most = level + 3.5 * np.sqrt(level * (1 - level) / 150)
        assert (least <= level).mean() <= most
    assert least.min() < 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_it_falls_as_the_arms_move_apart_to_either_side(kind: str) -> None:
    place = np.random.default_rng(3).random((2, N))
    rates = (0.1, 0.14, 0.16, 0.2, 0.3)
    met = stacked(*(pair(place[0] < 0.1, place[1] < rate) for rate in rates))
    found = p_value(met, Question(), kind)
    assert found[0] > 0.2
    assert (np.diff(np.log(found[1:])) < -1).all()
    other = p_value(met.exchanged(), Question(), kind)
    np.testing.assert_allclose(np.log(other), np.log(found), rtol=0.05, atol=1e-9)


def test_it_is_the_mixture_martingales_by_hand() -> None:
    # Three errors away at the planned sample, tau is 7.9359: sqrt(8.9359) exp(-4.5 tau / 8.9359).
    moved = replace(
        ALTERNATING, num=ALTERNATING.num + 3 * ERROR * ALTERNATING.den * [[[0.0], [1.0]]]
    )
    asked = Question(planned_error=ERROR)
    assert float(p_value(moved, asked, "asymptotic")) == pytest.approx(0.05494, abs=2e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_where_no_bound_is_trusted_it_is_1(kind: str) -> None:
    strict = Question(least_units=N + 1)
    for met in (GOOD, POOR, RARE):
        assert p_value(met, strict, kind) == 1
    assert p_value(NOTHING, Question(), kind) == 1


def test_arms_without_an_event_in_one_of_them_are_told_apart_by_their_rates() -> None:
    never = pair(events(0.0, N), events(0.0, N))
    assert p_value(never, Question(), "mixture") == 1
    once = pair(events(0.0, N), events(0.02, N))
    assert p_value(once, Question(), "mixture") < 1e-6
