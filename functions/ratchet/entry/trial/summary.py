"""Summary: each arm's metrics with intervals and unknown shares, from the tally."""

from ratchet.entry.trial.estimates import Estimate, inside, mean_of, quantile_of, rate_of
from ratchet.entry.trial.read import Log
from ratchet.entry.trial.report import ArmReport, Known
from ratchet.entry.trial.tally import Tally


def summarise(log: Log, tally: Tally) -> tuple[ArmReport, ...]:
    """Return what each arm did, in the order in which they were met."""
    clustered = tally.weighted or (log.columns.has("unit") and tally.nameless < log.rows)
    clustered = clustered or bool(log.columns.wide)
    return tuple(_arm(i, name, tally, clustered) for i, name in enumerate(log.arms))


def _arm(arm: int, name: str, tally: Tally, clustered: bool) -> ArmReport:
    units = tally.count_units(arm)
    rows, weight = tally.every.rows[arm].sum(), tally.every.den[arm].sum()
    metrics = {}
    for metric, sums in tally.metrics.items():
        num, den, known = sums.num[arm], sums.den[arm], sums.rows[arm].sum()
        if metric == "success":
            found = rate_of(num, den, known, units, clustered=clustered)
        else:
            found = mean_of(num, den, float(metric == "quality"))
        unknown = 1 - den.sum() / weight if weight else 1.0
        metrics[metric] = Known(estimate=inside(metric, found), unknown=max(0.0, float(unknown)))
    p50, p95 = (_quantile(q, arm, tally, units, clustered) for q in (0.5, 0.95))
    return ArmReport(
        arm=name, rows=int(rows), units=round(units), metrics=metrics, p50=p50, p95=p95
    )


def _quantile(q: float, arm: int, tally: Tally, units: float, clustered: bool) -> Estimate | None:
    if arm not in tally.latency:
        return None
    return quantile_of(q, tally.latency[arm], tally.slow[arm], units, clustered=clustered)
