"""Move what runs count from the sums where it is to those where it belongs, in one transaction."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from ratchet.govern.config import ConfigReader
from ratchet.kernel.each import each
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.kernel.ids import shard_of
from ratchet.observe.run_totals import RunObserved, RunTotals
from ratchet.observe.settings import Ingest
from ratchet.observe.unreadable import read_sums
from ratchet.observe.watched import RolloutReader
from ratchet.runs.arms import counted_arms, moved_rollouts
from ratchet.runs.compute import run_loss
from ratchet.runs.contribution import counted
from ratchet.runs.loss import RunLoss
from ratchet.runs.place import Place, Room, place_of, placed
from ratchet.runs.run import Counted, Run
from ratchet.runs.settings import RunLossSettings
from ratchet.stats.run_sums import RunBucket, RunSums, sum_runs
from ratchet.store.named import naming
from ratchet.store.port import Ref, Snapshot, Store
from ratchet.store.transact import Transaction

BUCKET_RETENTION = timedelta(days=400)  # as long as a view may look back
Stored = tuple[Snapshot, Snapshot | None]
Pair = tuple[Run, Run]  # a run before it changes, and after
Found = Mapping[Place, RunBucket | InvalidInput | None]


@dataclass(frozen=True)
class Mover:
    """What moving runs takes besides them."""

    settings: RunLossSettings
    ingest: Ingest
    rollouts: RolloutReader
    room: Room
    now: datetime


def mover_on(store: Store, reader: ConfigReader, ingest: Ingest, now: datetime) -> Mover:
    """Return what moving the runs of a store takes, for one run of a verb."""
    room = Room(store, now, ingest.shards)
    return Mover(reader.read(RunLossSettings), ingest, RolloutReader(store), room, now)


class Moved(NamedTuple):
    """How many runs count for the first time, or otherwise than before; and those not readable.

    `diverted` of them count as of the component `other`. `observed` says of the runs' totals, by
    their ids, as of which change they are counted.
    """

    counted: int
    changed: int
    broken: tuple[RatchetError, ...]
    diverted: int
    observed: Mapping[str, datetime]


class _Known(NamedTuple):
    """A run, what was observed of it, and the totals that say so."""

    run: Run
    observed: RunObserved
    totals: RunTotals | None


def move_runs(tx: Transaction, refs: Sequence[Ref], mover: Mover, *, anew: bool = False) -> Moved:
    """Let some runs count what is known of them now, and write those that change.

    A run whose facts did not change keeps its loss, whatever the settings are now, unless all is
    computed `anew`. One whose bucket cannot be read stays as it is. Runs that are not there are
    left out: totals may come before their run.
    """
    broken: list[RatchetError] = []
    known = list(each(_stored(tx, refs), _load, broken.append))
    runs = [found.run for found in known]
    losses = [_loss(found.run, found.observed, mover, anew) for found in known]
    wanted = [
        counted(found.run.report, loss, found.observed)
        for found, loss in zip(known, losses, strict=True)
    ]
    counts = placed(tx, wanted, [run.counted for run in runs], mover.room)
    arms = counted_arms(tx, runs, losses, mover.rollouts)
    after = [
        _after(run, loss, count.model_copy(update={"rollout": arm}))
        for run, loss, count, arm in zip(runs, losses, counts, arms, strict=True)
    ]
    wanting = [(run, new) for run, new in zip(runs, after, strict=True) if run != new]
    found = _found_buckets(tx, wanting)
    changed = list(each(wanting, lambda pair: _movable(pair, found), broken.append))
    buckets = _moved_buckets(changed, found, mover)
    of_rollouts = moved_rollouts(tx, changed, mover.rollouts, mover.ingest, mover.now)
    for _, run in changed:
        tx.put(run)
    for bucket in buckets:
        tx.put(bucket)
    for ref, data in of_rollouts.items():
        tx.set(ref, data)
    return _moved(changed, broken, known)


def _moved(
    changed: Sequence[Pair], broken: Sequence[RatchetError], known: Sequence[_Known]
) -> Moved:
    """Return what was done."""
    first = sum(before.counted is None for before, _ in changed)
    places = [(run.counted.component, run.component) for _, run in changed if run.counted]
    return Moved(
        counted=first,
        changed=len(changed) - first,
        broken=tuple(broken),
        diverted=sum(at != told for at, told in places),
        observed={t.key(): t.changed_at for _, _, t in known if t is not None},
    )


def _stored(tx: Transaction, refs: Sequence[Ref]) -> Iterator[Stored]:
    """Yield the runs that there are, each with its totals: they have the same id."""
    found = tx.fetch([*refs, *(Ref(RunTotals.collection, ref.id) for ref in refs)])
    for run, totals in zip(found[: len(refs)], found[len(refs) :], strict=True):
        if run is not None:
            yield run, totals


def _load(stored: Stored) -> _Known:
    run, totals = stored
    found = _totals(totals) if totals else None
    return _Known(_run(run), found.sums if found else RunObserved(), found)


_run = naming(lambda stored: Run.from_store(stored.data))
_totals = naming(lambda stored: RunTotals.from_store(stored.data))


def _loss(run: Run, observed: RunObserved, mover: Mover, anew: bool) -> RunLoss:
    """Return the loss of a run: the one that it has, unless there is a reason for another."""
    fresh = run_loss(mover.settings, run.report, observed, now=mover.now)
    same = _values(fresh) == _values(run.loss)
    stays = same and (not anew or fresh.settings == run.loss.settings)
    return run.loss if stays else fresh


def _values(loss: RunLoss) -> dict[str, float]:
    """Return what was measured, whatever it weighs."""
    return {name: term.value for name, term in loss.terms.items()}


def _after(run: Run, loss: RunLoss, count: Counted) -> Run:
    """Return a run with its loss, and what it counts."""
    revisions = tuple(
        told.model_copy(update={"loss": loss.loss}) if told.number == run.revision else told
        for told in run.revisions
    )
    return run.model_copy(update={"loss": loss, "counted": count, "revisions": revisions})


def _places(before: Run, after: Run) -> list[Place]:
    """Return where a run's sums change."""
    if _same_sums(before.counted, after.counted):
        return []
    return [place_of(count) for count in (before.counted, after.counted) if count is not None]


def _found_buckets(tx: Transaction, wanting: Sequence[Pair]) -> Found:
    """Read the buckets of runs that change; of one that cannot be read, why."""
    places = list(dict.fromkeys(place for pair in wanting for place in _places(*pair)))
    found = read_sums(tx, RunBucket, [place.ref for place in places])
    return dict(zip(places, found, strict=True))


def _movable(pair: Pair, found: Found) -> Pair:
    """Return a run that changes, if each bucket of it can be read.

    Raises: InvalidInput.
    """
    for place in _places(*pair):
        bucket = found[place]
        if isinstance(bucket, InvalidInput):
            raise bucket
    return pair


def _moved_buckets(changed: Sequence[Pair], found: Found, mover: Mover) -> list[RunBucket]:
    """Return the buckets of runs that change with the difference, for `put`."""
    plus, minus = defaultdict[Place, list[RunSums]](list), defaultdict[Place, list[RunSums]](list)
    for before, after in changed:
        if _same_sums(before.counted, after.counted):
            continue
        for sums, count in ((minus, before.counted), (plus, after.counted)):
            if count is not None:
                sums[place_of(count)].append(count.sums)
    moved = []
    for place in dict.fromkeys([*plus, *minus]):
        bucket = found[place] or empty_bucket(place, mover)
        assert isinstance(bucket, RunBucket)  # of the others no run is left
        moved.append(bucket.changed(sum_runs(plus[place]), sum_runs(minus[place]), mover.now))
    return moved


def _same_sums(before: Counted | None, after: Counted | None) -> bool:
    """Say whether two contributions are one and the same to the buckets of their component."""
    if before is None or after is None:
        return before is after
    return place_of(before) == place_of(after) and before.sums == after.sums


def empty_bucket(place: Place, mover: Mover) -> RunBucket:
    """Return the bucket of a place in which nothing counts yet."""
    return RunBucket(
        component=place.component,
        version=place.version,
        day=place.day,
        shard=shard_of(place.component, mover.ingest.shards),
        updated_at=mover.now,
        expire_at=place.day + BUCKET_RETENTION,
    )
