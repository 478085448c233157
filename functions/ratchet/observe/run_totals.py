"""RunTotals: what the observations of one run add up to, so that a run's cost needs no join."""

from typing import ClassVar

from ratchet.kernel.document import Document, ExactInt, Instant, Model
from ratchet.kernel.ids import join_key
from ratchet.stats.moments import Moments
from ratchet.stats.quantiles import Histogram
from ratchet.store.port import Ref


class RunObserved(Model):
    """Sums over served observations; shadows do not count. Units as in SCALES, weighted.

    `by_arm` is the reward of the observations that each arm (model) served, of the 20 busiest.
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


class RunTotals(Document):
    """`ops_run_totals/{runId}`: the observations that name a run, written with their rewards."""

    collection: ClassVar[str] = "ops_run_totals"

    run_id: str
    shard: int
    sums: RunObserved = RunObserved()
    changed_at: Instant
    expire_at: Instant

    def key(self) -> str:
        """Return the run's id, as a name may hold what a document's id may not."""
        return totals_ref(self.run_id).id


def totals_ref(run_id: str) -> Ref:
    """Return where a run's totals are."""
    return Ref(RunTotals.collection, join_key(run_id))
