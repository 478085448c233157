"""The corrected mean: by hand, without bias, and where the judges alone would promote falsely."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ratchet.kernel.seal import sealed
from ratchet.observe.reward import RewardConfig
from ratchet.observe.rollout_tally import Row, tally_rollouts
from ratchet.observe.watched import Watched
from ratchet.rollouts.check_verdict import check_verdict
from ratchet.rollouts.corrected import corrected
from ratchet.rollouts.findings import findings
from ratchet.rollouts.look import look as look_at
from ratchet.rollouts.metric import METRICS
from ratchet.rollouts.metrics import arms_of, pair_of
from ratchet.rollouts.pair import Pair
from ratchet.rollouts.profile import PROFILES, Profile, Wanted
from ratchet.rollouts.strata import combine
from ratchet.rollouts.verdict import VERDICTS
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats
from ratchet.stats.rollout_bucket import RolloutBucket
from ratchet.store.port import Ref, Store
from tests.support.evidenced import HOUR, ID, NOON, hour_of_arm, put
from tests.support.governed import KEYS
from tests.support.judging import TRIED, look, recorded, shadowed, trial

ON_PEOPLE = Profile(goal=Wanted(metric="corrected"))
ON_JUDGES = Profile(goal=Wanted(metric="quality"))
UNITS = 2000
HUNDRED = np.array([100.0, 100.0])
READ = NOON + 7 * HOUR


def said(
    arm: str, people: float, flattered: float, *, drawn: float = 0.2, seed: int = 0
) -> list[dict[str, Any]]:
    """Return outcomes that judges grade, and some of them a person, 0 or 1.

    Judges see 0.3 for a bad one and 0.7 for a good one, and add what they flatter.
    """
    rng = np.random.default_rng([seed, len(arm)])
    out = []
    for i in range(UNITS):
        good = rng.random() < people
        item = {"component": "router", "outcome": "success", "ts": NOON, "unit": f"{arm}-{i}"}
        item |= {"rolloutId": ID, "rolloutStep": 0, "rolloutArm": arm}
        item |= {"judged": round((0.7 if good else 0.3) + flattered, 3)}
        item |= {"quality": item["judged"]}
        if rng.random() < drawn:
            item |= {"drawn": drawn, "person": float(good), "quality": float(good)}
        out.append(item)
    return out


def buckets(*items: dict[str, Any]) -> list[RolloutBucket]:
    """Return the buckets of outcomes, as the scorer counts them, each of a unit that was met."""
    watched = {ID: Watched(trial().watch, RewardConfig())}
    rows = [Row(item, item["unit"], item["ts"]) for item in items]
    out = []
    for cell, sums in tally_rollouts(rows, [], watched).sums.items():
        met = [item["unit"] for item in items if item["rolloutArm"] == cell.arm]
        out.append(hour_of_arm(cell.arm, sums.model_copy(update={"exposures": sums.w}), met))
    return out


def arrays(*by_arm: Sequence[float]) -> Floats:
    """Return numbers of both arms in the first bins. Shape: (1, 2, bins)."""
    out = np.zeros((1, 2, BINS))
    for arm, values in enumerate(by_arm):
        out[0, arm, : len(values)] = values
    return out


def test_it_is_the_judges_mean_and_the_mean_of_what_the_drawn_were_off() -> None:
    # The control: 0.5, 0.7; the first drawn with 1/2, 0.3 less. The challenger: three of 0.9; of
    # the two drawn with 1/4 one is 0.9 less, one as judged.
    judged = Pair(arrays([0.5, 0.7], [0.9] * 3), arrays([1, 1], [1] * 3), np.array([0.5]), HUNDRED)
    found = corrected(
        judged,
        arrays([1], [1, 1]),
        arrays([2e6], [4e6, 4e6]),
        arrays([-0.6e6], [-3.6e6, 0]),
    )
    assert combine(found).means == pytest.approx([0.6 - 0.3, 0.9 - 0.45])
    assert found.units.tolist() == [1, 2]
    assert found.den.sum(-1).ravel().tolist() == pytest.approx([2, 8])


def test_one_that_stands_for_most_is_worth_little_more_than_one() -> None:
    judged = Pair(arrays([1] * 21, [1] * 21), arrays([1] * 21, [1] * 21), np.array([0.5]), HUNDRED)
    drawn, alike = arrays([1] * 21, [1] * 21), [5e6] * 21
    found = corrected(judged, drawn, arrays(alike, [100e6, *[1e6] * 20]), arrays([], []))
    # 120 ** 2 / (100 ** 2 + 20) equal ones, and 21 in the control.
    assert found.units.tolist() == pytest.approx([21, 1.44], abs=0.01)


def test_a_step_without_an_answer_in_both_arms_says_nothing() -> None:
    judged = Pair(arrays([1], [1]), arrays([2], [2]), np.array([0.5]), HUNDRED)
    silent = corrected(judged, arrays([1], []), arrays([2e6], []), arrays([0], []))
    assert np.isnan(combine(silent).estimate)


def test_a_mean_below_nought_stays_one() -> None:
    judged = Pair(arrays([0.1], [0.1]), arrays([1], [1]), np.array([0.5]), HUNDRED)
    off = arrays([-3e6], [1e6])
    found = corrected(judged, arrays([1], [1]), arrays([10e6], [10e6]), off)
    assert combine(found).means == pytest.approx([-0.2, 0.2])


@pytest.mark.parametrize("answered", [1.0, 0.4])
def test_it_is_unbiased_where_the_doubtful_are_drawn_oftener_and_many_never_answer(
    answered: float,
) -> None:
    rng, runs, n = np.random.default_rng(5), 400, 1000
    good = rng.random((runs, 2, n)) < np.array([0.6, 0.6])[:, None]
    seen = np.clip(good * 0.5 + 0.2 * rng.random((runs, 2, n)), 0, 1)
    seen[:, 1] += 0.2  # judges flatter the challenger
    p = np.where(np.abs(seen - 0.5) < 0.2, 0.3, 0.1)
    out = (rng.random(p.shape) < p) & (rng.random(p.shape) < answered)
    bins = np.arange(n) % BINS
    dealt = np.zeros((n, BINS))
    dealt[np.arange(n), bins] = 1

    def binned(values: Floats) -> Floats:
        return (values @ dealt)[:, None]  # one step

    found = corrected(
        Pair(binned(seen), binned(np.ones(p.shape)), np.array([0.5]), np.full((runs, 2), n)),
        binned(out.astype(float)),
        binned(1e6 * out / p),
        binned(1e6 * out * (good - seen) / p),
    )
    strata = combine(found)
    error = strata.estimate.std() / np.sqrt(runs)
    assert abs(strata.estimate.mean()) < 3 * error
    assert abs((seen[:, 1] - seen[:, 0]).mean() - 0.2) < 0.01
    # The variance that is claimed is no less than what the runs show.
    assert strata.variance.mean() > 0.9 * strata.estimate.var()


def test_judges_who_flatter_promote_falsely_and_the_corrected_mean_does_not() -> None:
    alike = buckets(*said("control", 0.5, 0.0), *said(TRIED, 0.5, 0.2))
    assert look(trial(profile=ON_JUDGES), alike).decision == "PROMOTE"
    held = look(trial(profile=ON_PEOPLE), alike)
    assert held.decision == "HOLD"
    goal = held.arms[0].terms[0]
    assert goal.delta == pytest.approx(0, abs=0.06)
    assert goal.units == pytest.approx(UNITS * 0.2, rel=0.15)  # so many people answered


def test_what_people_say_promotes_though_judges_flatter_the_control() -> None:
    better = buckets(*said("control", 0.4, 0.2), *said(TRIED, 0.65, 0.0))
    assert look(trial(profile=ON_JUDGES), better).decision == "ROLL_BACK"
    found = look(trial(profile=ON_PEOPLE), better)
    assert (found.decision, found.arms[0].metric) == ("PROMOTE", "corrected")
    assert found.arms[0].delta == pytest.approx(0.25, abs=0.06)


def test_where_nobody_is_asked_the_judges_word_promotes_nothing() -> None:
    unasked = buckets(*said("control", 0.5, 0.0, drawn=0), *said(TRIED, 0.5, 0.2, drawn=0))
    found = look(trial(profile=ON_PEOPLE), unasked)
    assert found.decision == "HOLD"
    assert found.reasons[0] == "corrected: no values in an arm"


def test_questions_left_open_in_one_arm_alone_hold_it() -> None:
    left = [
        {k: v for k, v in item.items() if k != "person"} | {"asked": True}
        if "person" in item and i % 3
        else item
        for i, item in enumerate(said(TRIED, 0.8, 0.0))
    ]
    found = look(trial(profile=ON_PEOPLE), buckets(*said("control", 0.4, 0.0), *left))
    assert found.decision == "HOLD"
    assert found.arms[0].terms[0].held == ("corrected",)


def test_as_many_left_open_in_an_arm_that_is_asked_about_oftener_hold_nothing() -> None:
    def half_open(arm: str, people: float, drawn: float) -> list[dict[str, Any]]:
        return [
            {k: v for k, v in item.items() if k != "person"} | {"asked": True}
            if "person" in item and i % 2
            else item
            for i, item in enumerate(said(arm, people, 0.0, drawn=drawn))
        ]

    found = look(
        trial(profile=ON_PEOPLE),
        buckets(*half_open("control", 0.4, 0.2), *half_open(TRIED, 0.8, 0.5)),
    )
    assert found.arms[0].terms[0].held == ()
    assert found.decision == "PROMOTE"


def test_a_shadow_that_no_judge_saw_is_not_asked_for_it() -> None:
    profile = PROFILES["judged-gain"]
    found = look(trial(mode="shadow", profile=profile), shadowed(0.6, 0.6), hours=30)
    assert (found.decision, found.arms[0].terms[0].asked) == ("PROMOTE", False)


def test_evidence_tells_it_only_where_something_was_judged() -> None:
    judged = buckets(*said("control", 0.5, 0.0), *said(TRIED, 0.5, 0.2))
    of_judges = ("judged", "drawn", "person")
    items = [*said("control", 0.5, 0.0), *said(TRIED, 0.5, 0.0)]
    plain = buckets(*({k: v for k, v in i.items() if k not in of_judges} for i in items))
    shown = {c.metric: c for c in findings(trial(), judged, NOON + 48 * HOUR).compared}
    assert shown["corrected"].difference == pytest.approx(0, abs=0.06)
    assert shown["quality"].difference == pytest.approx(0.16, abs=0.03)
    found = findings(trial(), plain, NOON + 48 * HOUR)
    assert "corrected" not in {c.metric for c in found.compared} | {u.of for u in found.unknown}


def test_its_verdict_is_judged_again_to_the_byte(embedded: Store) -> None:
    tried = sealed(KEYS, trial(profile=ON_PEOPLE))
    put(embedded, tried, buckets(*said("control", 0.4, 0.1), *said(TRIED, 0.65, 0.0)), READ)
    verdict = sealed(KEYS, recorded(look_at(embedded, tried, now=READ, before=None).judged))
    embedded.set(Ref(VERDICTS, verdict.id), verdict.to_map())
    found = check_verdict(embedded, KEYS, verdict.id)
    assert (found.decision, found.result) == ("HOLD", "equal")


def test_the_pair_of_a_challenger_is_the_corrected_one() -> None:
    arms = arms_of(buckets(*said("control", 0.5, 0.0), *said(TRIED, 0.5, 0.2)))
    found = pair_of(arms, METRICS["corrected"], TRIED, np.array([0.5]))
    control, new = combine(found).means
    assert [control, new] == pytest.approx([0.5, 0.5], abs=0.05)
