"""The loss of runs as goal and guardrail: it promotes, goes back, and holds on what is untold."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.findings import findings
from ratchet.rollouts.profile import Guardrail, Profile, Wanted
from ratchet.rollouts.rollout import Rollout
from ratchet.stats.bins import BINS, Bins, bin_of, pack
from ratchet.stats.rollout_bucket import RolloutBucket
from tests.support.evidenced import NOON, rollout
from tests.support.judging import TRIED, N, look, met, shadowed, trial

GOAL = Profile(goal=Wanted(metric="loss"))
GUARDED = Profile(
    goal=Wanted(metric="reward"),
    guardrails=(Guardrail(metric="loss:contradictions", margin="5 points"),),
)


def told(
    arm: str,
    loss: float,
    runs: int = N,
    *,
    reward: float = 0.6,
    terms: Mapping[str, float] | None = None,
) -> RolloutBucket:
    """Return an arm's bucket with runs of losses about a mean, SD 0.1.

    `terms` are the shares of the runs that know a term; its losses are those of the runs.
    """
    rng = np.random.default_rng(sum(map(ord, arm)))
    values = np.clip(loss + 0.1 * rng.standard_normal(runs), 0.0, 1.0)
    known = {"loss": 1.0} | dict(terms or {})
    kept = {name: rng.random(runs) < share for name, share in known.items()}
    bucket = met(arm, reward)
    sums = bucket.sums.model_copy(
        update={
            "runs": _binned(arm, np.ones(runs)),
            "run_w": {name: _binned(arm, rows * 1.0) for name, rows in kept.items()},
            "run_wx": {name: _binned(arm, rows * values * 1e6) for name, rows in kept.items()},
        }
    )
    return bucket.model_copy(update={"sums": sums})


def _binned(arm: str, values: npt.NDArray[np.floating]) -> Bins:
    out = np.zeros(BINS, np.int64)
    np.add.at(out, [bin_of(f"{arm} {i}") for i in range(len(values))], np.rint(values).astype(int))
    return pack(out)


def on(profile: Profile) -> Rollout:
    return trial(profile=profile)


@pytest.mark.parametrize(
    ("loss", "decision"), [(0.2, "PROMOTE"), (0.4, "ROLL_BACK"), (0.3, "HOLD")]
)
def test_less_loss_promotes_and_more_goes_back(loss: float, decision: str) -> None:
    found = look(on(GOAL), [told("control", 0.3), told(TRIED, loss)])
    assert found.decision == decision
    term = found.arms[0].terms[0]
    assert (term.metric, term.better) == ("loss", "lower")
    assert term.delta == pytest.approx(loss - 0.3, abs=0.01)


def test_a_term_of_the_loss_is_a_guardrail() -> None:
    everywhere = {"contradictions": 1.0}
    control = told("control", 0.3, terms=everywhere)
    good = look(on(GUARDED), [control, told(TRIED, 0.3, reward=0.7, terms=everywhere)])
    assert good.decision == "PROMOTE"
    poor = look(on(GUARDED), [control, told(TRIED, 0.4, reward=0.7, terms=everywhere)])
    assert poor.decision == "ROLL_BACK"
    assert poor.reasons[0].startswith("loss:contradictions: worse by at least 0.0")


def test_a_term_that_one_arm_knows_less_often_stops_a_promotion_and_is_no_rollback() -> None:
    buckets = [
        told("control", 0.3, terms={"contradictions": 1.0}),
        told(TRIED, 0.3, reward=0.7, terms={"contradictions": 0.8}),
    ]
    found = look(on(GUARDED), buckets)
    assert found.decision == "HOLD"
    assert found.reasons == (
        "loss:contradictions: the share of unknown loss:contradictions differs between the arms",
    )


def test_the_whole_loss_is_not_compared_where_it_is_made_of_other_terms() -> None:
    buckets = [
        told("control", 0.3, terms={"grounding": 1.0}),
        told(TRIED, 0.2, terms={"grounding": 0.8}),
    ]
    found = look(on(GOAL), buckets)
    assert found.decision == "HOLD"
    assert found.arms[0].terms[0].held == ("loss:grounding",)


def test_runs_that_one_arm_loses_stop_a_promotion_by_those_that_are_left() -> None:
    found = look(on(GOAL), [told("control", 0.3), told(TRIED, 0.2, runs=N * 3 // 4)])
    assert found.decision == "HOLD"
    assert found.reasons == ("loss: one arm has fewer runs for an exposure",)


def test_where_no_run_is_told_a_loss_that_is_required_holds_and_another_is_not_asked() -> None:
    buckets = [met("control", 0.6), met(TRIED, 0.7)]
    held = look(on(GUARDED), buckets)
    assert held.decision == "HOLD"
    assert held.reasons == ("loss:contradictions: no values in an arm",)
    relaxed = GUARDED.guardrails[0].model_copy(update={"required": False})
    silent = GUARDED.model_copy(update={"guardrails": (relaxed,)})
    assert look(on(silent), buckets).decision == "PROMOTE"


def test_a_shadow_serves_no_run_so_its_loss_is_not_asked() -> None:
    found = look(trial(mode="shadow", profile=GUARDED), shadowed(0.6, 0.6))
    assert found.decision == "PROMOTE"
    assert "loss:contradictions: no values in either arm, and none are wanted" in found.reasons


def test_evidence_shows_the_loss_and_the_terms_that_runs_know_and_what_they_do_not() -> None:
    buckets = [
        told("control", 0.3, terms={"grounding": 1.0}),
        told(TRIED, 0.2, terms={"grounding": 0.8}),
    ]
    found = findings(rollout(), buckets, NOON)
    shown = {c.metric: c for c in found.compared}
    assert [name for name in shown if name.startswith("loss")] == ["loss", "loss:grounding"]
    assert shown["loss"].difference == pytest.approx(-0.1, abs=0.01)
    assert shown["loss"].because == "unknown loss:grounding differs"
    unknown = {u.of: u.differs for u in found.unknown if u.of == "runs" or u.of[:4] == "loss"}
    assert unknown == {"runs": False, "loss:grounding": True}
    without = findings(rollout(), [met("control", 0.6), met(TRIED, 0.6)], NOON)
    told_of = {c.metric for c in without.compared} | {u.of for u in without.unknown}
    assert not [name for name in told_of if name == "runs" or name.startswith("loss")]


def test_a_profile_takes_losses_in_points_or_parts_and_terms_that_there_are() -> None:
    Profile(goal=Wanted(metric="loss:grounding", above="2 %", rollback="1 points"))
    with pytest.raises(InvalidInput, match="loss takes points or %"):
        Profile.parse({"goal": {"metric": "loss", "above": "1 usd"}})
    with pytest.raises(InvalidInput, match="no such term"):
        Profile.parse({"goal": {"metric": "loss:speed"}})
