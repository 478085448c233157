"""What runs add to the buckets of the rollout whose arm served them.

A run counts once, in the hour in which its unit met the arm, by its loss and the terms of it. A run
is not told of shadows: one that names an arm was served by it, so shadow rollouts count none.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np

from ratchet.kernel.clock import hour_of
from ratchet.kernel.document import Instant, Model
from ratchet.observe.read_until import find_read_until
from ratchet.observe.rollout_commit import changed_rollouts
from ratchet.observe.rollout_tally import Cell, Tallied
from ratchet.observe.settings import Ingest
from ratchet.observe.watched import Watched
from ratchet.stats.bins import BINS, bin_of, pack
from ratchet.stats.moments import SCALES, Ints, to_units
from ratchet.stats.rollout_bucket import RolloutSums
from ratchet.stats.units import unit_hash, units_of
from ratchet.store.port import Data, Ref
from ratchet.store.transact import Transaction


class RunArm(Model):
    """What one run adds to a rollout's bucket: its loss and terms 0..1, as far as it knows them.

    `losses` are by `loss` and the terms' names, in integer units (SCALES["loss"]). `unit` is the
    pseudonym of whom it served; a run without one is its own. `toldAt` is when its newest revision
    came in.
    """

    run_id: str
    rollout: str
    step: int
    arm: str
    exposed_at: Instant
    told_at: Instant
    unit: str | None = None
    losses: dict[str, int] = {}

    @property
    def cell(self) -> Cell:
        """Which buckets it counts in."""
        return Cell(self.rollout, self.step, self.arm, hour_of(self.exposed_at))


def losses_in_units(losses: Mapping[str, float]) -> dict[str, int]:
    """Return losses 0..1 by name as integer units.

    >>> losses_in_units({"loss": 0.25, "grounding": 0.1})
    {'loss': 250000, 'grounding': 100000}
    """
    units = to_units(np.array(list(losses.values()), float), SCALES["loss"])
    return dict(zip(losses, units.tolist(), strict=True))


def counts_as(
    tx: Transaction, before: RunArm | None, after: RunArm | None, watched: Mapping[str, Watched]
) -> RunArm | None:
    """Return what a run that was told anew counts as, None in no rollout; `before` is what it was.

    What is frozen stays as it was, and what comes after the outcome window changes nothing, as with
    late grades. What names no rollout, step or arm that there is counts in none.
    """
    if before is None and after is None:
        return None
    until = find_read_until(tx).until
    if before is not None and not _is_open(before, watched, until):
        return before
    if after is None or not _is_known(after, watched):
        return None
    late = after.told_at > watched[after.rollout].watch.closes(after.exposed_at)
    return before if late or not _is_open(after, watched, until) else after


def changed_run_rollouts(
    tx: Transaction,
    plus: Sequence[RunArm],
    minus: Sequence[RunArm],
    watched: Mapping[str, Watched],
    *,
    ingest: Ingest,
    now: datetime,
    shard: int,
) -> list[tuple[Ref, Data]]:
    """Read rollout buckets and return them with runs added and taken back, for `set`.

    `plus` is what `counts_as` says, `minus` what was added before; buckets that are frozen stay as
    they are. Exposures are not added: a run is an outcome of one.
    """
    was = {run.run_id: run for run in minus}
    same = {run.run_id for run in plus if was.get(run.run_id) == run}
    added = _tallied((run for run in plus if run.run_id not in same), watched)
    taken = _tallied((run for run in minus if run.run_id not in same), watched)
    return changed_rollouts(tx, added, watched, shard, ingest, now, taken)


def _is_known(run: RunArm, watched: Mapping[str, Watched]) -> bool:
    known = watched.get(run.rollout)
    return known is not None and 0 <= run.step < known.watch.steps and run.arm in known.watch.arms


def _is_open(run: RunArm, watched: Mapping[str, Watched], until: datetime) -> bool:
    return _is_known(run, watched) and not watched[run.rollout].watch.closed(run.cell.hour, until)


def _tallied(runs: Iterable[RunArm], watched: Mapping[str, Watched]) -> Tallied:
    """Return what runs add; a unit that is named is met, as its exposure says too."""
    counts: dict[Cell, dict[str, dict[str, Ints]]] = {}
    met: dict[Cell, set[int]] = {}
    for run in runs:
        if not _is_known(run, watched):
            continue
        sums = counts.setdefault(run.cell, {"runs": {}, "run_w": {}, "run_wx": {}})
        place = bin_of(run.unit or run.run_id)
        _count(sums["runs"], "", place, 1)
        for name, units in run.losses.items():
            _count(sums["run_w"], name, place, 1)
            _count(sums["run_wx"], name, place, units)
        if run.unit is not None:
            met.setdefault(run.cell, set()).add(unit_hash(run.unit))
    return Tallied(
        sums={cell: _sums(found) for cell, found in counts.items()},
        units={cell: units_of(found) for cell, found in met.items()},
    )


def _count(sums: dict[str, Ints], name: str, place: int, value: int) -> None:
    sums.setdefault(name, np.zeros(BINS, np.int64))[place] += value


def _sums(found: Mapping[str, Mapping[str, Ints]]) -> RolloutSums:
    return RolloutSums(
        runs=pack(found["runs"][""]),
        **{
            field: {name: pack(values) for name, values in sorted(found[field].items())}
            for field in ("run_w", "run_wx")
        },
    )
