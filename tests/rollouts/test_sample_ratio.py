"""Sample ratio: against an urn, exact error rates, and units that come back."""

import math
from fractions import Fraction

import numpy as np
import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.sample_ratio import CONCENTRATION, sample_ratio
from ratchet.rollouts.worth import recurrence
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats

pytestmark = pytest.mark.slow

EVEN = np.array([[0.5, 0.5]])
TENTH = np.array([[0.9, 0.1]])
RAMP = (0.1, 0.12, 0.14)


def whole(*counts: float) -> Floats:
    """Return one step of exposures in a single bin, where nothing can be seen to recur."""
    return np.array([counts], np.float64)[..., None]


def urn(counts: tuple[int, ...], shares: tuple[Fraction, ...]) -> Fraction:
    """Return the evidence of Polya's urn: balls of each arm, one more of what is drawn."""
    evidence, drawn = Fraction(1), [Fraction(round(CONCENTRATION)) * share for share in shares]
    for arm, count in enumerate(counts):
        for _ in range(count):
            evidence *= drawn[arm] / sum(drawn) / shares[arm]
            drawn[arm] += 1
    return evidence


def met(
    rng: np.random.Generator,
    runs: int,
    units: int,
    shares: tuple[float, ...],
    looks: int,
    *,
    again: float,
) -> Floats:
    """Return exposures of a challenger and the control up to each look, (runs, looks, ...).

    Every unit keeps its place; each step has as many looks, in which a unit is exposed `again`
    times on average, some units often. Or once, at some look, where `again` is 0.
    """
    steps, run = len(shares), np.arange(runs)[:, None]
    place, bins = rng.random((runs, units)), rng.integers(0, BINS, (runs, units))
    rate = again * rng.gamma(1, 1, (runs, units))
    first = rng.integers(0, looks, (runs, units))
    out = np.zeros((runs, steps * looks, steps, 2, BINS))
    for look in range(steps * looks):
        step = look // looks
        times = rng.poisson(rate) if again else first == look
        at = ((run * 2 + (place < shares[step])) * BINS + bins).ravel()
        sums = np.bincount(at, weights=times.ravel(), minlength=runs * 2 * BINS)
        out[:, look, step] = sums.reshape(runs, 2, BINS)
    return out.cumsum(1)


def planned(shares: tuple[float, ...]) -> Floats:
    """Return the shares of the control and the challenger by step."""
    return np.array([[1 - share, share] for share in shares])


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ((40, 20), (Fraction(1, 2), Fraction(1, 2))),
        ((160, 1), (Fraction(9, 10), Fraction(1, 10))),
        ((70, 30, 5), (Fraction(1, 2), Fraction(1, 4), Fraction(1, 4))),
    ],
)
def test_the_p_value_is_one_over_the_evidence_of_an_urn(
    counts: tuple[int, ...], shares: tuple[Fraction, ...]
) -> None:
    found = sample_ratio(whole(*counts), np.array([[float(s) for s in shares]]))
    evidence = urn(counts, shares)
    assert evidence > 1
    assert float(found.p_value) == pytest.approx(float(1 / evidence), rel=1e-9)


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_like_shares_are_refused_ever_with_the_threshold_at_most(share: float) -> None:
    units, threshold = 1000, 0.001
    n = np.arange(units + 1)
    alive, lost = np.zeros(units + 1), 0.0
    alive[0] = 1.0
    for size in range(1, units + 1):
        alive[1:] = alive[1:] * (1 - share) + alive[:-1] * share
        alive[0] *= 1 - share
        x = n[: size + 1].astype(np.float64)
        counts = np.stack([size - x, x], -1)[:, None, :, None]
        out = sample_ratio(counts, planned((share,)), threshold).mismatch
        lost += float(alive[: size + 1][out].sum())
        alive[: size + 1][out] = 0.0
    assert 0.00001 < lost <= threshold


@pytest.mark.parametrize("shares", [(0.5,), (0.1,), RAMP], ids=["1:1", "1:9", "ramp"])
def test_units_that_come_back_and_stay_are_not_counted_again(shares: tuple[float, ...]) -> None:
    runs = 300
    seen = met(np.random.default_rng(8), runs, 500, shares, 48 // len(shares), again=0.5)
    plan = planned(shares)
    alarms = sample_ratio(seen, plan).mismatch.any(1).sum()
    # In one bin nothing is seen to recur: every exposure counts as a unit.
    naive = sample_ratio(seen.sum(-1, keepdims=True), plan).mismatch.any(1).sum()
    assert alarms <= 2
    assert naive > 0.05 * runs


@pytest.mark.parametrize(
    ("again", "power"),
    [(0.0, 0.99), (0.5, 0.95)],
    ids=["met once", "met again, some far more often than others"],
)
def test_45_to_55_is_caught_within_ten_thousand_units(again: float, power: float) -> None:
    seen = met(np.random.default_rng(9), 200, 10_000, (0.55,), 6, again=again)
    assert sample_ratio(seen, EVEN).mismatch.any(1).mean() >= power


def test_an_arm_that_nobody_meets_is_caught_and_one_busy_unit_is_not() -> None:
    bins = np.arange(BINS) < 200
    nobody, busy = np.zeros((1, 2, BINS)), np.zeros((1, 2, BINS))
    nobody[0, 0] = bins
    busy[0, 0, :4] = 50_000
    assert sample_ratio(nobody, TENTH).mismatch
    found = sample_ratio(busy, EVEN)
    assert not found.mismatch
    assert float(found.units) == pytest.approx(4, rel=0.02)


@pytest.mark.parametrize(
    ("times", "wanted"), [((1, 1), 1.0), ((7, 7), 7.0), ((1, 9), 8.2)], ids=str
)
def test_the_design_effect_is_that_of_unequal_weights(
    times: tuple[int, int], wanted: float
) -> None:
    # Kish: the sum of squares over the sum, of units half of the one kind and half of the other.
    rng = np.random.default_rng(1)
    exposures = np.zeros((40, 1, 2, BINS))
    for run, kind in np.ndindex(40, 2):
        bins = rng.integers(0, BINS, 1000)
        exposures[run, 0, kind] = times[kind] * np.bincount(bins, minlength=BINS)
    found = recurrence(exposures)
    assert float(found.mean()) == pytest.approx(wanted, rel=0.05)
    assert (found >= 1).all()
    together = np.concatenate([exposures.sum(-2, keepdims=True), np.zeros((40, 1, 1, BINS))], -2)
    np.testing.assert_array_equal(recurrence(together), found)
    both_steps = np.concatenate([exposures, exposures], -3)
    assert recurrence(both_steps).mean() == pytest.approx(2 * wanted, rel=0.05)


def test_steps_of_other_units_multiply_their_evidence() -> None:
    steps = np.concatenate([whole(60, 30), whole(170, 2)])
    shares = np.concatenate([EVEN, TENTH])
    each = [sample_ratio(steps[[s]], shares[[s]]).p_value for s in range(2)]
    both = sample_ratio(steps, shares)
    assert float(both.p_value) == pytest.approx(math.prod(map(float, each)))
    assert both.observed == pytest.approx([230 / 262, 32 / 262])
    assert both.expected == pytest.approx([(45 + 154.8) / 262, (45 + 17.2) / 262])


def test_without_exposures_there_is_no_mismatch() -> None:
    for none in (np.zeros((1, 2, BINS)), np.full((1, 2, BINS), np.nan)):
        found = sample_ratio(none, EVEN)
        assert float(found.p_value) == 1.0
        assert not found.mismatch
        assert float(found.units) == 0.0
        assert np.isnan(found.observed).all()
        assert np.isnan(found.expected).all()


def test_a_step_not_yet_begun_changes_nothing() -> None:
    begun = np.concatenate([whole(60, 20), whole(0, 0)])
    found = sample_ratio(begun, np.concatenate([EVEN, TENTH]))
    assert float(found.p_value) == float(sample_ratio(whole(60, 20), EVEN).p_value)


def test_few_strays_in_an_arm_without_a_share_are_borne_and_many_are_not() -> None:
    full = np.array([[0.0, 1.0]])
    assert not sample_ratio(whole(0, 20_000), full).mismatch
    assert not sample_ratio(whole(2, 20_000), full).mismatch
    assert sample_ratio(whole(40, 20_000), full).mismatch


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
def test_leading_axes_are_judged_one_by_one(shape: tuple[int, ...]) -> None:
    exposures = np.random.default_rng(3).gamma(3.0, size=(*shape, 2, 3, BINS))
    shares = np.array([[0.4, 0.3, 0.3], [0.2, 0.4, 0.4]])
    with np.errstate(all="raise", under="ignore"):
        found = sample_ratio(exposures, shares)
    assert found.p_value.shape == found.mismatch.shape == found.units.shape == shape
    assert found.observed.shape == found.expected.shape == (*shape, 3)
    for at in np.ndindex(shape):
        alone = sample_ratio(exposures[at], shares)
        assert float(alone.p_value) == pytest.approx(float(found.p_value[at]))


@pytest.mark.parametrize(
    ("exposures", "shares"),
    [
        (np.ones((1, 2, BINS)), np.array([[0.5, 0.6]])),
        (np.ones((1, 2, BINS)), np.array([[1.5, -0.5]])),
        (np.ones((1, 2, BINS)), np.array([[np.nan, 0.5]])),
        (np.ones((1, 2, BINS)), np.array([0.5, 0.5])),
        (np.ones((2, 2, BINS)), EVEN),
        (np.ones((2, BINS)), EVEN),
    ],
)
def test_shares_that_fit_nothing_are_refused(exposures: Floats, shares: Floats) -> None:
    with pytest.raises(InvalidInput) as refused:
        sample_ratio(exposures, shares)
    assert refused.value.field == "shares"
    assert refused.value.mend
