"""Metrics for Prometheus, in a registry of their own: what this process did, and the store's."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ratchet.entry.serve.learning import Learning
from ratchet.entry.serve.readings import Reader
from ratchet.entry.verbs import Report
from ratchet.entry.wiring import App
from ratchet.store.counting import CountingStore

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
CONTENT_TYPE = CONTENT_TYPE_LATEST
CHANGES = {
    "auto_activations": "Versions that the machine activated.",
    "overrides": "Changes that a person made over the gates.",
    "rollbacks": "Rollbacks to an earlier version.",
}


class Metrics:
    """Counters of one process, and a collector that reads its store."""

    def __init__(self, app: App) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "ratchet_requests_total",
            "Requests by function and status.",
            ["function", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "ratchet_request_duration_seconds",
            "Time in a function.",
            ["function"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._observations = Counter(
            "ratchet_observations_total",
            "Observations and exposures that this process took or refused.",
            ["result"],
            registry=self.registry,
        )
        self._scored = Counter(
            "ratchet_observations_scored_total",
            "Observations that this process's ticker scored.",
            registry=self.registry,
        )
        self._ticks = Counter(
            "ratchet_ticks_total",
            "Ticks of this process by result.",
            ["result"],
            registry=self.registry,
        )
        for result in ("accepted", "rejected", "sampled", "duplicate"):
            self._observations.labels(result)
        for result in ("ok", "failed"):
            self._ticks.labels(result)
        self.registry.register(StoreCollector(app))

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self.registry)

    def served(self, function: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(function, str(status)).inc()
        self._seconds.labels(function).observe(seconds)

    def recorded(self, answer: Any, status: int) -> None:
        """Count the observations of one answer of `record`, taken or refused.

        What was refused without a list of its items, a single one say, counts as one.
        """
        if not isinstance(answer, Mapping):
            return
        error = answer.get("error")
        if isinstance(error, Mapping):
            whole = int(status == HTTPStatus.BAD_REQUEST)
            items = error.get("rejected")
            self._observations.labels("rejected").inc(whole if items is None else len(items))
            return
        taken = "duplicate" if answer.get("duplicate") else "accepted"
        self._observations.labels(taken).inc(answer.get("accepted", 0))
        self._observations.labels("sampled").inc(answer.get("sampled", 0))
        self._observations.labels("rejected").inc(len(answer.get("rejected", ())))

    def ticked(self, reports: Mapping[str, Report] | None) -> None:
        """Count one tick; a verb's failure is in its report, None is a tick that failed whole."""
        whole = reports is not None and not any("error" in r for r in reports.values())
        self._ticks.labels("ok" if whole else "failed").inc()
        found = reports or {}
        self._scored.inc(found.get("score_observations", {}).get("scored", 0))
        self._scored.inc(found.get("sweep", {}).get("missing", 0))


class StoreCollector(Collector):
    """Says at each scrape what the store said lately, and what its operations were."""

    def __init__(self, app: App) -> None:
        self._store = app.store
        self._reader = Reader(app)

    def describe(self) -> list[Metric]:
        """Name nothing, so that registering reads nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        found = self._reader.read()
        up = GaugeMetricFamily("ratchet_store_up", "Whether the store answers.")
        up.add_metric([], float(found.up))
        yield up
        if found.up:
            lag = GaugeMetricFamily(
                "ratchet_scoring_lag_seconds",
                "Age of the oldest observation without a reward.",
                labels=["shard"],
            )
            for shard, seconds in found.lag.items():
                lag.add_metric([str(shard)], seconds)
            yield lag
            yield GaugeMetricFamily(
                "ratchet_proposals_last_day",
                "Versions proposed in the last 24 hours.",
                value=found.proposals_last_day,
            )
            for name, told in CHANGES.items():
                yield CounterMetricFamily(f"ratchet_{name}", told, value=found.changes[name])
            alerts = GaugeMetricFamily(
                "ratchet_alerts", "Alerts that stand, by severity.", labels=["severity"]
            )
            for severity, n in found.alerts.items():
                alerts.add_metric([severity], n)
            yield alerts
            yield from _learned(found.learning)
        yield from self._operations()

    def _operations(self) -> Iterator[Metric]:
        if not isinstance(self._store, CountingStore):
            return
        bill = self._store.bill
        family = CounterMetricFamily(
            "ratchet_store_operations",
            "Store operations of this process, as Firestore bills them.",
            labels=["kind"],
        )
        for kind, n in (("read", bill.reads), ("write", bill.writes), ("delete", bill.deletes)):
            family.add_metric([kind], n)
        yield family


def _learned(found: Learning) -> Iterator[Metric]:
    """Yield what labels, judges, the queue and the roads of versions say."""
    age = "Age of the oldest item that waits for a reviewer."
    yield GaugeMetricFamily("ratchet_review_queue_age_seconds", age, value=found.queue_age)
    gauges: tuple[tuple[str, str, Sequence[str], Mapping[Any, float]], ...] = (
        ("labels", "Labels that stand.", ["agent"], found.labels),
        ("labels_last_week", "Labels said in the last week.", ["agent"], found.labels_last_week),
        ("judge_weight", "Weight of a judge.", ["agent", "judge"], found.weights),
        (
            "judge_weight_variance",
            "Variance of a judge's weight over the last week.",
            ["agent", "judge"],
            found.variances,
        ),
        (
            "promotion_hours",
            "Hours from a tenth of the traffic to all of it, mean of 30 days.",
            ["policy"],
            found.promotion_hours,
        ),
        (
            "rollback_rate",
            "Share of the decided trials of 30 days that were rolled back.",
            ["policy"],
            found.rollback_rates,
        ),
    )
    for name, told, labels, values in gauges:
        family = GaugeMetricFamily(f"ratchet_{name}", told, labels=labels)
        for at, value in sorted(values.items()):
            family.add_metric([at] if isinstance(at, str) else list(at), value)
        yield family
