"""What runs count in the rollouts whose arms served them, moved with their other sums."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from ratchet.observe.read_until import READ_UNTIL, ReadUntil
from ratchet.observe.run_arm import RunArm, changed_run_rollouts, counts_as, losses_in_units
from ratchet.observe.settings import Ingest
from ratchet.observe.watched import RolloutReader
from ratchet.runs.loss import RunLoss
from ratchet.runs.run import Run
from ratchet.stats.run_sums import LOSS
from ratchet.store.port import Data, Ref
from ratchet.store.transact import Transaction


def arm_of(run: Run, loss: RunLoss) -> RunArm | None:
    """Return what a run would count in a rollout, by its loss and terms; None if it names none."""
    report = run.report
    if report.rollout_id is None or report.rollout_arm is None or report.rollout_step is None:
        return None
    known = {name: term.loss for name, term in loss.terms.items()}
    if loss.loss is not None:
        known[LOSS] = loss.loss
    return RunArm(
        run_id=report.run_id,
        rollout=report.rollout_id,
        step=report.rollout_step,
        arm=report.rollout_arm,
        exposed_at=report.exposed_at or report.ts,
        told_at=run.changed_at,
        unit=report.unit,
        losses=losses_in_units(known),
    )


def present_arm(run: Run) -> RunArm | None:
    """Return what a run counts in a rollout at present."""
    return run.counted.rollout if run.counted else None


def counted_arms(
    tx: Transaction, runs: Sequence[Run], losses: Sequence[RunLoss], rollouts: RolloutReader
) -> list[RunArm | None]:
    """Return what each run counts in a rollout by its loss now, as far as that is not frozen."""
    pairs = [(present_arm(run), arm_of(run, loss)) for run, loss in zip(runs, losses, strict=True)]
    watched = rollouts.watched(arm.rollout for pair in pairs for arm in pair if arm)
    return [counts_as(tx, before, after, watched) for before, after in pairs]


def moved_rollouts(
    tx: Transaction,
    changed: Iterable[tuple[Run, Run]],
    rollouts: RolloutReader,
    ingest: Ingest,
    now: datetime,
) -> dict[Ref, Data]:
    """Read the rollout buckets of runs that change, and return them moved, for `set`."""
    plus, minus = defaultdict[int, list[RunArm]](list), defaultdict[int, list[RunArm]](list)
    for before, after in changed:
        old, new = present_arm(before), present_arm(after)
        if old == new:
            continue
        # A run keeps its shard, so that what it counts is taken back from where it was added.
        for sums, arm in ((minus, old), (plus, new)):
            if arm is not None:
                sums[after.shard].append(arm)
    moved: dict[Ref, Data] = {}
    for shard in sorted({*plus, *minus}):
        named = {arm.rollout for arm in (*plus[shard], *minus[shard])}
        watched = rollouts.watched(named)
        for ref, data in changed_run_rollouts(
            tx, plus[shard], minus[shard], watched, ingest=ingest, now=now, shard=shard
        ):
            moved[ref] = _joined(moved.get(ref), data) if ref == READ_UNTIL else data
    return moved


def _joined(before: Data | None, data: Data) -> Data:
    """Return how far was read, with the rollouts that several shards hold open."""
    if before is None:
        return data
    return ReadUntil.parse(before).holding(ReadUntil.parse(data).rollouts).to_map()
