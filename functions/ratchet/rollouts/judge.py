"""Judge: what one look at a rollout decides, from its frozen buckets alone; pure.

Everything in the answer follows from the rollout, the buckets, the instant and the verdict before,
so it can be computed again.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

from ratchet.rollouts.arms import exposed
from ratchet.rollouts.judge_arm import dropped, tidy, try_arm
from ratchet.rollouts.judge_ruling import Look, ruling
from ratchet.rollouts.judge_sums import read_sums
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.sample_ratio import THRESHOLD
from ratchet.rollouts.terms import rules_of
from ratchet.rollouts.verdict import AsOf, Judged, Verdict
from ratchet.stats.rollout_bucket import RolloutBucket


def judge(
    rollout: Rollout,
    buckets: Sequence[RolloutBucket],
    *,
    until: datetime,
    now: datetime,
    before: Verdict | None,
    open_spend: float = 0.0,
) -> Judged:
    """Judge a rollout by what was exposed before `until`; its buckets may be of any level.

    Once the arms are seen not to be split as planned, nothing is concluded from them any more.
    Units: `open_spend`, what shadows cost since then, in USD.
    """
    shadow, rules = rollout.mode == "shadow", rules_of(rollout)
    sums = read_sums(rules, buckets, shadow=shadow)
    split = exposed(rollout, sums.arms)
    ratio_p = tidy(float(split.p_value)) if split else 1.0
    least_p = min(ratio_p, before.judged.least_p if before else 1.0)
    tried = [
        try_arm(rollout, rules, sums, challenger, mismatch=least_p <= THRESHOLD)
        for challenger in rollout.standing
    ]
    open_usd = tidy(open_spend)
    spent = (tidy(sums.spent), tidy(sums.spent + open_usd)) if shadow else None
    unexposed = bool(sums.arms) and split is None and not shadow
    found = ruling(Look(rollout, tuple(tried), until, now, least_p <= THRESHOLD, spent, unexposed))
    told = {one.arm: one.told() for one in tried}
    return Judged(
        rollout=rollout.id,
        policy=rollout.policy,
        mode=rollout.mode,
        purpose=rollout.purpose,
        profile=rollout.profile_name,
        decision=found.decision,
        scope="whole" if rollout.is_last_step else "step",
        winner=found.winner,
        reasons=found.reasons,
        expected=found.expected,
        arms=tuple(told.get(c.arm) or dropped(rules, sums, c) for c in rollout.challengers),
        ratio_p=ratio_p,
        least_p=least_p,
        spent_usd=spent[1] if spent else None,
        open_usd=open_usd,
        start=rollout.started_at,
        until=until,
        at=now,
        as_of=AsOf(
            step=rollout.step, opened=rollout.opened, dropped=rollout.dropped, held=rollout.held
        ),
        before=before.id if before else None,
        buckets=sums.days,
        data=sums.data,
        code=_code(),
    )


@lru_cache(maxsize=1)
def _code() -> str:
    """Return the version of this package; of a source tree that was never installed, its name."""
    try:
        return version("ratchet")
    except PackageNotFoundError:
        return "source"
