"""The tally of rollout buckets: what counts where, and from when on it does not."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ratchet.kernel.clock import HOUR
from ratchet.observe.reward import RewardConfig, Weights
from ratchet.observe.rollout_tally import Cell, Row, Tallied, is_timely, tally_rollouts
from ratchet.observe.watched import Watched
from ratchet.stats.bins import bin_of
from ratchet.stats.units import met_by_both
from tests.support.observing import NOON
from tests.support.rollout_recount import NEW, watch

MINUTE = timedelta(minutes=1)
KNOWN = {"r1": Watched(watch(), RewardConfig())}


def outcome(ingested: datetime = NOON, **fields: Any) -> Row:
    item = {"ts": NOON, "component": "router", "outcome": "success", "rolloutId": "r1"}
    return Row(
        item | {"rolloutStep": 0, "rolloutArm": "control", "unit": "u1"} | fields, "o1", ingested
    )


def exposure(**fields: Any) -> Row:
    item = {"ts": NOON, "rolloutId": "r1", "step": 0, "rolloutArm": "control", "unit": "u1"}
    return Row(item | fields, "d1", NOON)


def tally(*rows: Row, exposures: tuple[Row, ...] = ()) -> Tallied:
    return tally_rollouts(rows, exposures, KNOWN)


def only(found: Tallied) -> tuple[Cell, dict[str, int]]:
    """Return the one cell, and the total of each sum."""
    ((cell, sums),) = found.sums.items()
    totals = {name: bins.total() for name, bins in sums if hasattr(bins, "total")}
    return cell, {name: n for name, n in totals.items() if n}


def test_an_outcome_counts_in_the_bin_of_its_unit() -> None:
    cell, totals = only(tally(outcome(durationMs=2000.0, costUsd=0.01, weight=3, quality=0.5)))
    assert cell == ("r1", 0, "control", NOON)
    # 0.25 + 0.6 x 0.5 - 0.25 x 2000 / 4000 - 0.2 x 0.01 / 0.1 = 0.405, three times, in millionths
    assert totals == {
        "n": 1,
        "w": 3,
        "success": 3,
        "reward_wx": 1_215_000,
        "quality_w": 3,
        "quality_wx": 1_500_000,
        "cost_w": 3,
        "cost_wx": 30_000_000,
        "latency_w": 3,
        "over": 3,
        "known_cost": 3,
        "known_latency": 3,
        "known_quality": 3,
        "latency_bins": 3,
    }
    sums = tally(outcome(unit="unit-2")).sums[cell]
    assert sums.w.array().nonzero()[0].tolist() == [148]  # as published in the doctest of bin_of


def test_what_is_unknown_adds_nothing_and_a_failure_is_known_for_no_success() -> None:
    _, totals = only(tally(outcome(outcome="failure", costUsd=0.0, errorCode="429")))
    assert totals == {"n": 1, "w": 1, "failure": 1, "cost_w": 1}
    ((_, sums),) = tally(outcome(outcome="failure", errorCode="429", weight=7)).sums.items()
    assert {code: bins.total() for code, bins in sums.errors.items()} == {"429": 7}


@pytest.mark.parametrize(("latency", "over"), [(1000.0, 0), (1000.001, 1), (0.0, 0)])
def test_a_latency_over_the_objective_is_slow(latency: float, over: int) -> None:
    _, totals = only(tally(outcome(durationMs=latency)))
    assert totals.get("over", 0) == over


def test_without_an_objective_nothing_is_slow() -> None:
    known = {"r1": Watched(watch(latency_objective_ms=None), RewardConfig())}
    found = tally_rollouts([outcome(durationMs=6e8)], [], known)
    assert "over" not in only(found)[1]


def test_exposures_count_whether_or_not_an_outcome_follows() -> None:
    found = tally(exposures=(exposure(), exposure(unit="u2"), exposure()))
    cell, totals = only(found)
    assert (cell.arm, totals) == ("control", {"exposures": 3})
    assert found.units[cell].count() == 2


def test_an_outcome_belongs_to_the_hour_of_its_exposure() -> None:
    late = NOON + 20 * MINUTE
    cell, _ = only(tally(outcome(late, ts=late, exposedAt=NOON - 10 * MINUTE)))
    assert cell.hour == NOON - HOUR


@pytest.mark.parametrize(
    ("ingested", "counts"),
    [(NOON + HOUR, True), (NOON + HOUR + timedelta(microseconds=1), False)],
)
def test_an_outcome_counts_until_its_window_closes(ingested: datetime, counts: bool) -> None:
    found = tally(outcome(ingested, exposedAt=NOON))
    assert (len(found.sums), len(found.units)) == (counts, counts)
    assert is_timely(outcome(), ingested, KNOWN) is counts
    assert not found.foreign


def test_a_shadow_counts_as_shadow_and_the_served_one_once_more_in_its_pair() -> None:
    found = tally(outcome(rolloutArm=NEW, shadow=True), outcome(paired=[NEW], unit="u2"))
    assert {cell.arm: sums.n.total() for cell, sums in found.sums.items()} == {
        f"shadow:{NEW}": 1,
        "control": 1,
        f"pair:{NEW}": 1,
    }


@pytest.mark.parametrize(
    "wrong",
    [{"rolloutArm": "other"}, {"rolloutStep": 2}, {"rolloutId": "r2"}],
)
def test_what_names_no_arm_that_there_is_counts_nowhere_and_is_told(wrong: dict[str, Any]) -> None:
    found = tally(outcome(**wrong))
    assert not found.sums
    named = {"rolloutId": "r1", "rolloutStep": 0, "rolloutArm": "control"} | wrong
    assert found.foreign == {tuple(named.values())}
    step = {"step": wrong["rolloutStep"]} if "rolloutStep" in wrong else wrong
    assert tally(exposures=(exposure(**step),)).foreign == found.foreign


def test_rewards_are_those_of_the_epoch_that_each_rollout_is_pinned_to() -> None:
    plain = RewardConfig(weights=Weights(baseline=0.0, success=0.25))
    known = KNOWN | {"r2": Watched(watch(epoch=2), plain)}
    found = tally_rollouts([outcome(), outcome(rolloutId="r2"), outcome()], [], known)
    assert {cell.rollout: sums.reward_wx.total() for cell, sums in found.sums.items()} == {
        "r1": 2 * 850_000,
        "r2": 250_000,
    }


def test_an_observation_without_a_unit_is_a_unit_of_its_own() -> None:
    alone = outcome()
    item = {k: v for k, v in alone.item.items() if k != "unit"}
    found = tally(Row(item, "b.1", NOON), Row(item, "b.2", NOON))
    ((cell, units),) = found.units.items()
    assert units.count() == 2
    bins = found.sums[cell].n.array().nonzero()[0].tolist()
    assert sorted(bins) == sorted({bin_of("b.1"), bin_of("b.2")})


def test_a_unit_met_by_several_arms_is_found() -> None:
    rows = [outcome(unit=f"u{i}") for i in range(30)]
    rows += [outcome(unit=f"u{i}", rolloutArm=NEW) for i in range(27, 57)]
    found = tally(*rows).units
    both, share = met_by_both(
        found[Cell("r1", 0, "control", NOON)], found[Cell("r1", 0, NEW, NOON)]
    )
    assert (both, share) == (3, 3 / 57)


def test_a_unit_keeps_its_bin_in_every_arm_and_step() -> None:
    found = tally(outcome(), outcome(rolloutArm=NEW), outcome(rolloutStep=1))
    bins = {tuple(sums.n.array().nonzero()[0]) for sums in found.sums.values()}
    assert (len(found.sums), len(bins)) == (3, 1)


def test_nothing_adds_nothing() -> None:
    assert tally() == Tallied()
