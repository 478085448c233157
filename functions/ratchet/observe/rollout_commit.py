"""Write rollout buckets in the transaction that writes rewards, as long as they are not frozen."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from ratchet.govern.alerts import alert, raise_alert
from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import InvalidInput
from ratchet.observe.read_until import READ_UNTIL, find_read_until
from ratchet.observe.rollout_tally import Cell, Tallied
from ratchet.observe.settings import Ingest
from ratchet.observe.unreadable import read_sums, told
from ratchet.observe.watched import Watched
from ratchet.stats.rollout_bucket import RolloutBucket, RolloutSums, rollout_bucket_key
from ratchet.stats.units import Units
from ratchet.store.port import Data, Ref, Store
from ratchet.store.transact import Transaction

QUIET = timedelta(minutes=5)
_SHOWN = 5


def changed_rollouts(
    tx: Transaction,
    plus: Tallied,
    watched: Mapping[str, Watched],
    shard: int,
    ingest: Ingest,
    now: datetime,
    minus: Tallied | None = None,
) -> list[tuple[Ref, Data]]:
    """Read rollout buckets and return them with sums added and taken back, for `set`.

    Frozen ones stay as they are. What was read of the freezing is written back with the rest, so
    that an hour which freezes meanwhile fails the commit.
    """
    less = minus or Tallied()
    cells = list(dict.fromkeys([*plus.sums, *less.sums]))
    if not cells:
        return []
    kept = find_read_until(tx)
    watches = {name: known.watch for name, known in watched.items()}
    cells = [c for c in cells if not watches[c.rollout].closed(c.hour, kept.until)]
    if not cells:
        return []
    keys = [rollout_bucket_key(*cell, shard) for cell in cells]
    found = read_sums(tx, RolloutBucket, [Ref(RolloutBucket.collection, key) for key in keys])
    none, out = RolloutSums(), list[tuple[Ref, Data]]()
    broken = [error for error in found if isinstance(error, InvalidInput)]
    for cell, known in zip(cells, found, strict=True):
        if isinstance(known, InvalidInput):
            continue
        bucket = known or _empty(cell, watches[cell.rollout].epoch, shard, ingest, now)
        met = plus.units.get(cell, Units())
        changed = bucket.changed(plus.sums.get(cell, none), less.sums.get(cell, none), met, now)
        out.append((Ref(RolloutBucket.collection, bucket.key()), changed.to_map()))
    closes: dict[str, datetime] = {}
    for cell in sorted(cells, key=lambda cell: cell.hour):
        closes[cell.rollout] = cell.hour + HOUR + watches[cell.rollout].window
    out += [(Ref(about.collection, about.key()), about.to_map()) for about in told(tx, broken, now)]
    return [*out, (READ_UNTIL, kept.holding(closes).to_map())]


def _empty(cell: Cell, epoch: int, shard: int, ingest: Ingest, now: datetime) -> RolloutBucket:
    """Return the bucket of a cell that nothing was counted in."""
    return RolloutBucket(
        rollout=cell.rollout,
        step=cell.step,
        arm=cell.arm,
        epoch=epoch,
        hour=cell.hour,
        shard=shard,
        updated_at=now,
        expire_at=cell.hour + ingest.bucket_retention,
    )


def alert_foreign(store: Store, foreign: Collection[tuple[str, int, str]], now: datetime) -> None:
    """Tell of outcomes and exposures that name no rollout, step or arm that there is."""
    if not foreign:
        return
    rollout, step, arm = min(foreign)
    raise_alert(
        store,
        alert(
            "rollout-foreign",
            "rollouts",
            "warning",
            f"outcomes or exposures of {len(foreign)} unknown arms count in no rollout bucket;"
            f" one is rollout {rollout!r}, step {step}, arm {arm!r}",
            now=now,
            command="compare with ratchet rollout list; let components assign from `resolve`",
            evidence={"named": [f"{r} {s} {a}" for r, s, a in sorted(foreign)[:_SHOWN]]},
        ),
        quiet=QUIET,
    )
