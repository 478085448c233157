"""Keep a judge's weight with its night, and name a judge that was found to earn nothing."""

from statistics import variance

from ratchet.govern.alerts import Alert, alert, counted, find_alert
from ratchet.kernel.clock import DAY
from ratchet.kernel.document import Model
from ratchet.kernel.each import each
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import join_key
from ratchet.labels.judge_weight import Finding, JudgeWeight, JudgeWeightNight
from ratchet.labels.settings import JudgeSettings
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

WEEK = 7


class WeightChange(Model):
    """What became of one judge's weight; `before` is absent where it had none.

    `found` says that what is found of it is another than it was.
    """

    judge: str
    agent: str
    before: float | None = None
    after: float
    finding: Finding | None = None
    reason: str = ""
    found: bool = False


def keep_weight(store: Store, new: JudgeWeight, settings: JudgeSettings) -> WeightChange:
    """Write a weight and its night; a judge of which another thing is found now is named.

    The nights of the week are read by their keys, so that it writes the same when it runs again.
    """

    def body(tx: Transaction) -> WeightChange:
        before = _before(tx, new)
        week = [night.weight for night in _nights(tx, new)] + [new.weight]
        weight = new.model_copy(update={"week_variance": variance(week) if len(week) > 1 else None})
        told = _finding(weight)
        known = find_alert(tx, told) if told else None
        tx.put(weight)
        tx.put(_night(weight, settings))
        if told and (before is None or before.finding != weight.finding):
            tx.put(counted(known, told))
        return WeightChange(
            judge=weight.judge,
            agent=weight.agent,
            before=before.weight if before else None,
            after=weight.weight,
            finding=weight.finding,
            reason=weight.reason,
            found=before is None or before.finding != weight.finding,
        )

    return store.transact(body, self_checking=True)


def _before(tx: Transaction, new: JudgeWeight) -> JudgeWeight | None:
    """Return the weight as it is; one that was broken by hand is as good as none."""
    try:
        return tx.find(JudgeWeight, new.key())
    except InvalidInput:
        return None


def _nights(tx: Transaction, weight: JudgeWeight) -> list[JudgeWeightNight]:
    """Return the nights of the week before this one."""
    days = [f"{weight.ts - back * DAY:%Y%m%d}" for back in range(1, WEEK)]
    refs = [
        Ref(JudgeWeightNight.collection, join_key(weight.judge, weight.agent, day)) for day in days
    ]
    stored = (found for found in tx.fetch(refs) if found is not None)
    return list(each(stored, lambda s: JudgeWeightNight.from_store(s.data), lambda error: None))


def _night(weight: JudgeWeight, settings: JudgeSettings) -> JudgeWeightNight:
    kept = weight.model_dump() | {"expire_at": weight.ts + settings.retention}
    return JudgeWeightNight.model_validate(kept)


def _finding(weight: JudgeWeight) -> Alert | None:
    """Return the alert that names a judge which earns nothing for what it says."""
    if weight.finding in (None, "few"):
        return None
    return alert(
        "judge-earns-nothing",
        weight.key(),
        "warning",
        f"judge {weight.judge} earns nothing for {weight.agent}: {weight.reason}",
        now=weight.ts,
        command=f"ratchet judges weights --agent {weight.agent}",
        evidence={"finding": weight.finding, "n": weight.n},
    )
