"""RunTotals: what the observations of one run add up to, so that a run's cost needs no join."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from ratchet.kernel.document import Document, ExactInt, Instant, Model
from ratchet.kernel.ids import join_key
from ratchet.stats.bucket import OTHER, cap_counts, cap_named, counts
from ratchet.stats.moments import Moments, sum_moments
from ratchet.stats.quantiles import Histogram
from ratchet.stats.run_sums import MAX_NAMED
from ratchet.store.port import Ref


class RunObserved(Model):
    """Sums over served observations; shadows do not count. Units as in SCALES, weighted.

    `n` counts observations as they came; `a + b` is the sum over both. Rewards are of the epoch
    that each was scored under. `by_arm` is the reward of the observations that each arm (model)
    served; of the busiest arms and the most frequent errors, the rest is `other`.
    """

    n: int = 0
    outcomes: dict[str, ExactInt] = {}
    errors: dict[str, ExactInt] = {}
    cost: Moments = Moments()
    latency: Moments = Moments()
    latency_bins: Histogram = Histogram()
    reward: Moments = Moments()
    by_arm: dict[str, Moments] = {}
    tokens_in: ExactInt = 0
    tokens_out: ExactInt = 0
    retries: ExactInt = 0

    def __add__(self, other: "RunObserved") -> "RunObserved":
        return _combine(self, other, 1)

    def __sub__(self, other: "RunObserved") -> "RunObserved":
        return _combine(self, other, -1)


# What adds up by itself; the others are counters, and arms.
_PLAIN = ("n", "cost", "latency", "latency_bins", "reward", "tokens_in", "tokens_out", "retries")


def _combine(a: RunObserved, b: RunObserved, sign: int) -> RunObserved:
    merged: dict[str, Any] = {}
    for name in _PLAIN:
        x, y = getattr(a, name), getattr(b, name)
        merged[name] = x + y if sign > 0 else x - y
    return RunObserved.model_construct(
        outcomes=counts(a.outcomes, b.outcomes, sign),
        errors=counts(a.errors, b.errors, sign),
        by_arm=_arms(a.by_arm, b.by_arm, sign),
        **merged,
    )


def _arms(a: Mapping[str, Moments], b: Mapping[str, Moments], sign: int) -> dict[str, Moments]:
    none = Moments()
    both = {arm: (a.get(arm, none), b.get(arm, none)) for arm in sorted({*a, *b})}
    merged = {arm: x + y if sign > 0 else x - y for arm, (x, y) in both.items()}
    return {arm: moments for arm, moments in merged.items() if moments != none}


def _placed(known: Mapping[str, Moments], moved: Mapping[str, Moments]) -> dict[str, Moments]:
    """Return what moves under the names that are known: a correction brings no new arm."""
    out: dict[str, Moments] = {}
    for arm, moments in moved.items():
        at = arm if moments.n > 0 or arm in known or OTHER not in known else OTHER
        out[at] = out.get(at, Moments()) + moments
    return out


def capped(sums: RunObserved) -> RunObserved:
    """Keep the busiest 20 arms and error codes; the rest counts as `other`."""
    if len(sums.errors) <= MAX_NAMED and len(sums.by_arm) <= MAX_NAMED:
        return sums
    arms = cap_named(sums.by_arm, MAX_NAMED, count=lambda m: m.n, total=sum_moments)
    errors = cap_counts(sums.errors, MAX_NAMED)
    return sums.model_copy(update={"errors": errors, "by_arm": arms})


class RunTotals(Document):
    """`ops_run_totals/{runId}`: the observations that name a run, written with their rewards.

    `shard` is the run's, so that who looks for changed totals finds them by (shard, changedAt).
    """

    collection: ClassVar[str] = "ops_run_totals"

    run_id: str
    shard: int
    sums: RunObserved = RunObserved()
    changed_at: Instant
    expire_at: Instant

    def key(self) -> str:
        """Return the run's id, as a name may hold what a document's id may not."""
        return totals_ref(self.run_id).id

    def added(self, plus: RunObserved, now: datetime, expire_at: datetime) -> "RunTotals":
        """Return the totals with observations added; they live on."""
        return self._with(capped(self.sums + plus), now, expire_at)

    def corrected(
        self, plus: RunObserved, minus: RunObserved, now: datetime, expire_at: datetime
    ) -> "RunTotals":
        """Return the totals with observations as they are now, and not as they were."""
        moved = _placed(self.sums.by_arm, _arms(plus.by_arm, minus.by_arm, -1))
        by_arm = _arms(self.sums.by_arm, moved, 1)
        sums = (self.sums + plus - minus).model_copy(update={"by_arm": by_arm})
        return self._with(capped(sums), now, expire_at)

    def _with(self, sums: RunObserved, now: datetime, expire_at: datetime) -> "RunTotals":
        return self.model_copy(
            update={
                "sums": sums,
                "changed_at": max(now, self.changed_at),
                "expire_at": max(expire_at, self.expire_at),
            }
        )


def totals_ref(run_id: str) -> Ref:
    """Return where a run's totals are."""
    return Ref(RunTotals.collection, join_key(run_id))
