"""Facts: all that is known of a run when its terms are measured."""

from dataclasses import dataclass

from ratchet.observe.run_totals import RunObserved
from ratchet.runs.run import RunReport
from ratchet.stats.moments import SCALES


@dataclass(frozen=True)
class Facts:
    """What a run told, and what its observations add up to; what was told goes before."""

    report: RunReport
    observed: RunObserved

    @property
    def cost_usd(self) -> float | None:
        """What it cost: as told, else the costs that its observations told, added up."""
        if self.report.cost_usd is not None:
            return self.report.cost_usd
        cost = self.observed.cost
        return cost.wx / SCALES["cost"] if cost.n else None

    @property
    def slowest_ms(self) -> float | None:
        """Its p95 latency: as told, else how long it took, else the p95 of its observations."""
        told = self.report.metrics.get("latencyP95Ms", self.report.duration_ms)
        if told is not None:
            return told
        found = self.observed.latency_bins.quantiles([0.95])
        return found[0] if found else None
