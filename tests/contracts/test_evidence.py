"""Every kind of evidence answers whatever it is given, and of a turned pair the same turned."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from operator import itemgetter

import numpy as np
import pytest

from ratchet.rollouts import evidence
from ratchet.rollouts.evidence import EVIDENCE
from ratchet.rollouts.pair import Bounds, Evidence, Pair, Question
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats
from tests.contracts.test_registries import modules

ASKED = Question(low_error=0.01, high_error=0.04, least_units=50, least_events=5)
TURNED = Question(low_error=0.04, high_error=0.01, least_units=50, least_events=5)
FIELDS = ("estimate", "error", "low", "high")
every = pytest.mark.parametrize("compare", EVIDENCE.values(), ids=EVIDENCE.keys())
# A mixture counts events among trials, so no other unit than the trial will do, and it takes the
# base rate from the control.
of_means = pytest.mark.parametrize(
    "compare",
    [c for name, c in EVIDENCE.items() if name != "mixture"],
    ids=[name for name in EVIDENCE if name != "mixture"],
)


def met(rates: tuple[float, float] = (0.3, 0.4), sizes: tuple[int, int] = (3000, 1000)) -> Pair:
    """Return two steps of two arms, an event or none a unit."""
    rng = np.random.default_rng(4)
    num, den = np.zeros((2, 2, BINS)), np.zeros((2, 2, BINS))
    for step in range(2):
        for arm, (rate, size) in enumerate(zip(rates, sizes, strict=True)):
            bins = rng.integers(0, BINS, size)
            den[step, arm] = np.bincount(bins, minlength=BINS)
            happened = rng.random(size) < rate + 0.1 * step
            num[step, arm] = np.bincount(bins, weights=happened, minlength=BINS)
    return Pair(num, den, np.array([0.25, 0.25]), 2.0 * np.array(sizes, np.float64))


WHOLE = met()


def changed(num: Floats | None = None, den: Floats | None = None, units: float = 4000.0) -> Pair:
    """Return the whole pair with other sums."""
    return replace(
        WHOLE,
        num=WHOLE.num if num is None else num,
        den=WHOLE.den if den is None else den,
        units=np.full(2, units),
    )


def only(*places: tuple[int | slice, ...]) -> Floats:
    """Return 1 where the data stay, and 0 elsewhere."""
    mask = np.zeros_like(WHOLE.den)
    for place in places:
        mask[place] = 1.0
    return mask


def kept(mask: Floats, units: float = 4000.0) -> Pair:
    """Return what of the whole pair the mask leaves."""
    return changed(WHOLE.num * mask, WHOLE.den * mask, units)


def with_nan(*, num: bool, den: bool, everywhere: bool) -> Pair:
    """Return the pair with unknown sums in one bin of one arm, or in all."""
    hole = np.full_like(WHOLE.den, np.nan if everywhere else 0.0)
    hole[0, 1, 7] = np.nan
    return changed(WHOLE.num + hole if num else None, WHOLE.den + hole if den else None)


NOWHERE = np.zeros_like(WHOLE.den)
ALL = slice(None)
MEAGRE = {
    "no data": changed(NOWHERE, NOWHERE, 0.0),
    "control alone": kept(only((ALL, 0))),
    "challenger alone": kept(only((ALL, 1))),
    "never both in one step": kept(only((0, 0), (1, 1))),
    "one unit": changed(only((0, 1, 3)), only((0, 1, 3)), 1.0),
    "one unit an arm": changed(only((0, 1, 3)), only((0, 0, 9), (0, 1, 3)), 1.0),
    "NaN everywhere": with_nan(num=True, den=True, everywhere=True),
    "NaN in every num": with_nan(num=True, den=False, everywhere=True),
    "NaN in every den": with_nan(num=False, den=True, everywhere=True),
}
ENOUGH = {
    "all": WHOLE,
    "nothing ever varied": changed(WHOLE.den * 1.0),
    "nothing ever happened": changed(NOWHERE),
    "the arms vary not at all and differ": changed(WHOLE.den * np.array([[[0.0], [1.0]]] * 2)),
    "NaN in one num": with_nan(num=True, den=False, everywhere=False),
    "NaN in one den": with_nan(num=False, den=True, everywhere=False),
    "one bin": kept(only((ALL, ALL, 5)), 20.0),
    "few bins": kept(only((ALL, ALL, slice(0, 3))), 60.0),
    "one step empty": kept(only((0,))),
    "one step without control": kept(only((0,), (1, 1))),
    "unknown units": changed(units=float("nan")),
}
SCALES = {f"in units of {c:g}": replace(changed(WHOLE.num / c), span=1 / c) for c in (1e-9, 1e9)}


def the_same(found: Bounds, wanted: Bounds, tolerance: float = 1e-9) -> None:
    """Demand equal bounds."""
    for name in FIELDS:
        one, other = getattr(found, name), getattr(wanted, name)
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance, err_msg=name)
    np.testing.assert_array_equal(found.trusted, wanted.trusted)


def each(bounds: Bounds, change: Callable[[Floats], Floats]) -> Bounds:
    """Return the bounds with every number changed."""
    return Bounds(
        estimate=change(bounds.estimate),
        error=change(bounds.error),
        low=change(bounds.low),
        high=change(bounds.high),
        trusted=bounds.trusted,
    )


def stacked(pairs: list[Pair]) -> Pair:
    """Return the pairs along a leading axis."""
    return replace(
        WHOLE,
        num=np.stack([p.num for p in pairs]),
        den=np.stack([p.den for p in pairs]),
        units=np.stack([p.units for p in pairs]),
    )


def turned(pair: Pair) -> Pair:
    """Return the pair with its arms exchanged."""
    return replace(
        pair,
        num=pair.num[..., ::-1, :],
        den=pair.den[..., ::-1, :],
        share=1 - pair.share,
        units=pair.units[..., ::-1],
    )


def mirrored(bounds: Bounds) -> Bounds:
    """Return the bounds of the difference the other way round."""
    return Bounds(-bounds.estimate, bounds.error, -bounds.high, -bounds.low, bounds.trusted)


def test_every_file_that_compares_is_registered_under_its_name() -> None:
    comparing = {
        name: module.compare
        for name, module in modules(evidence).items()
        if hasattr(module, "compare")
    }
    assert dict(EVIDENCE) == comparing
    assert list(EVIDENCE) == sorted(EVIDENCE)


@every
def test_evidence_takes_a_pair_and_a_question(compare: Evidence) -> None:
    asked = inspect.signature(compare)
    assert [p.annotation for p in asked.parameters.values()] == [Pair, Question]
    assert asked.return_annotation is Bounds


@every
@pytest.mark.parametrize("pair", MEAGRE.values(), ids=MEAGRE.keys())
def test_of_too_little_nothing_is_said(compare: Evidence, pair: Pair) -> None:
    with np.errstate(all="raise", under="ignore"):
        found = compare(pair, ASKED)
    assert not found.trusted
    assert found.low == -np.inf
    assert found.high == np.inf
    assert found.error == np.inf


@every
@pytest.mark.parametrize("pair", MEAGRE.values(), ids=MEAGRE.keys())
def test_without_both_arms_in_a_step_there_is_no_estimate(compare: Evidence, pair: Pair) -> None:
    both = (np.nan_to_num(pair.den * (pair.num * 0 + 1)).sum(-1) > 0).all(-1).any()
    assert np.isfinite(compare(pair, ASKED).estimate) == (both and compare is not EVIDENCE["bayes"])


@every
@pytest.mark.parametrize("pair", (ENOUGH | SCALES).values(), ids=(ENOUGH | SCALES).keys())
def test_what_is_said_is_an_estimate_between_its_bounds(compare: Evidence, pair: Pair) -> None:
    with np.errstate(all="raise", under="ignore"):
        found = compare(pair, ASKED)
    assert not np.isnan(found.low)
    assert not np.isnan(found.high)
    if found.trusted:
        assert found.low <= found.estimate <= found.high
        assert found.low < found.high
        assert found.error >= 0
    else:
        assert (-float(found.low), float(found.high), float(found.error)) == (np.inf,) * 3


@every
def test_a_plain_difference_is_found(compare: Evidence) -> None:
    found = compare(met((0.2, 0.6)), ASKED)
    assert found.trusted
    assert 0.3 < found.low < found.estimate < found.high < 0.5


@every
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
def test_leading_axes_are_compared_one_by_one(compare: Evidence, shape: tuple[int, ...]) -> None:
    pairs = [WHOLE, met((0.5, 0.1)), MEAGRE["no data"], ENOUGH["one bin"], WHOLE, met((0.9, 0.8))]
    count = int(np.prod(shape))
    many = stacked(pairs[: max(count, 1)])
    many = replace(
        many,
        num=many.num[:count].reshape(*shape, 2, 2, BINS),
        den=many.den[:count].reshape(*shape, 2, 2, BINS),
        units=many.units[:count].reshape(*shape, 2),
    )
    found = compare(many, ASKED)
    assert all(getattr(found, name).shape == shape for name in (*FIELDS, "trusted"))
    for at, alone in zip(np.ndindex(shape), pairs[:count], strict=True):
        one = replace(each(found, itemgetter(at)), trusted=found.trusted[at])
        the_same(one, compare(alone, ASKED))


@every
def test_neither_the_order_of_bins_nor_that_of_steps_matters(compare: Evidence) -> None:
    order = np.random.default_rng(1).permutation(BINS)
    dealt = replace(WHOLE, num=WHOLE.num[..., order], den=WHOLE.den[..., order])
    the_same(compare(dealt, ASKED), compare(WHOLE, ASKED))
    back = replace(WHOLE, num=WHOLE.num[::-1], den=WHOLE.den[::-1], share=WHOLE.share[::-1])
    the_same(compare(back, ASKED), compare(WHOLE, ASKED))


@every
def test_a_step_in_which_nothing_happened_yet_changes_nothing(compare: Evidence) -> None:
    more = replace(
        WHOLE,
        num=np.concatenate([WHOLE.num, np.zeros((1, 2, BINS))]),
        den=np.concatenate([WHOLE.den, np.zeros((1, 2, BINS))]),
        share=np.append(WHOLE.share, 0.5),
    )
    the_same(compare(more, ASKED), compare(WHOLE, ASKED))


@of_means
@pytest.mark.parametrize("pair", [WHOLE, met((0.1, 0.1), (400, 4000)), ENOUGH["NaN in one num"]])
def test_exchanged_arms_exchange_the_bounds(compare: Evidence, pair: Pair) -> None:
    the_same(compare(turned(pair), TURNED), mirrored(compare(pair, ASKED)))


@of_means
@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1e9])
@pytest.mark.parametrize("span", [1.0, None])
def test_other_units_scale_the_bounds(compare: Evidence, scale: float, span: float | None) -> None:
    pair = replace(WHOLE, span=span)
    whole = replace(pair, num=pair.num * scale, span=span and span * scale)
    rescaled = each(compare(whole, ASKED), lambda values: values / scale)
    the_same(rescaled, compare(pair, ASKED))


@every
def test_less_error_is_a_wider_bound(compare: Evidence) -> None:
    wide = compare(WHOLE, replace(ASKED, low_error=0.001, high_error=0.004))
    found = compare(WHOLE, ASKED)
    assert wide.low < found.low
    assert wide.high > found.high
