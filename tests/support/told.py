"""What the tests of runs share: runs to tell, how they are told and counted, and a recount of them.

The recount is plain loops over what is stored; it knows the default weights and a few rules itself.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from ratchet.kernel.clock import millis
from ratchet.runs.count import CountReport, count_runs
from ratchet.runs.record import RunRecorded, record_run
from ratchet.runs.run import Run, run_ref
from ratchet.store.port import Query, Store
from tests.support.observing import KEYS, NOON, Worker

Map = Mapping[str, Any]
Counts = dict[str, dict[str, int]]

WEIGHTS = {"gatePassRate": 0.25, "contradictions": 0.15, "costOverBudget": 0.1}


def a_run(run_id: str = "r1", when: datetime = NOON, **fields: Any) -> dict[str, Any]:
    """Return a run as it is sent: one of two gates passed, one contradiction."""
    told = {"gates": {"tests": "passed", "review": "failed"}, "metrics": {"contradictions": 1}}
    return {"runId": run_id, "ts": millis(when), "component": "planner"} | told | fields


def tell(at: Worker, run: Map) -> RunRecorded:
    """Record a run."""
    return record_run(at.store, KEYS, run, reader=at.reader, now=at.clock())


def count(at: Worker) -> CountReport:
    """Count runs, as each tick does."""
    return count_runs(at.store, at.reader, ingest=at.ingest, now=at.clock())


def run_of(store: Store, run_id: str = "r1") -> Run:
    """Return a run as it is stored."""
    found = store.get(run_ref(run_id))
    assert found is not None, f"{run_id} is not stored"
    return Run.from_store(found.data)


def recount(store: Store) -> dict[str, Counts]:
    """Return what each bucket of runs must hold, by component, version and day."""
    totals = {s.data["runId"]: s.data["sums"] for s in store.query(Query("ops_run_totals"))}
    out: dict[str, Any] = defaultdict(lambda: defaultdict(Counter))
    for stored in store.query(Query("ops_runs")):
        report = stored.data["report"]
        place = (report["component"], report.get("policyVersion", "none"))
        _add(out["/".join((*place, f"{report['ts']:%d}"))], report, totals.get(report["runId"], {}))
    return {place: _plain(counts) for place, counts in out.items()}


def _add(counts: dict[str, Counter[str]], report: Map, totals: Map) -> None:
    counts["runs"]["runs"] += 1
    terms = _terms(report, totals)
    weight = sum(WEIGHTS[name] for name in terms)
    loss = sum(WEIGHTS[name] * terms[name] for name in terms) / weight if terms else None
    reward = _mean(totals.get("reward"))
    cost = report.get("costUsd", _sum(totals.get("cost")))
    _one(counts, "loss", loss, 10**6)
    _one(counts, "reward", reward, 10**6)
    _one(counts, "cost", cost, 10**9)
    _one(counts, "duration", report.get("durationMs"), 10**3)
    for name, value in terms.items():
        _one(counts, f"terms.{name}", value, 10**6)
    by_arm = totals.get("byArm", {})
    for model in report["models"] or by_arm:
        _one(counts, f"models.{model}.loss", loss, 10**6)
        _one(counts, f"models.{model}.reward", _mean(by_arm.get(model)) or reward, 10**6)
    counts["outcomes"].update(filter(None, [report.get("outcome")]))
    counts["errors"].update(filter(None, [report.get("errorCode")]))
    counts["gates"].update(name for name, result in report["gates"].items() if result == "failed")
    counts["seen"]["gates"] += any(result != "skipped" for result in report["gates"].values())


def _terms(report: Map, totals: Map) -> dict[str, float]:
    met = [result for result in report["gates"].values() if result != "skipped"]
    budget = report["budget"].get("maxCostUsd")
    cost = report.get("costUsd", _sum(totals.get("cost")))
    contradictions = report["metrics"].get("contradictions")
    found = {
        "gatePassRate": met.count("failed") / len(met) if met else None,
        "contradictions": None if contradictions is None else min(1, contradictions / 5),
        "costOverBudget": None if None in (budget, cost) else min(1, max(0, cost / budget - 1)),
    }
    return {name: value for name, value in found.items() if value is not None}


def _mean(moments: Map | None) -> float | None:
    return moments["wx"] / moments["w"] / 10**6 if moments and moments["w"] else None


def _sum(moments: Map | None) -> float | None:
    return moments["wx"] / 10**9 if moments and moments["n"] else None


def _one(counts: dict[str, Counter[str]], name: str, value: float | None, units: int) -> None:
    if value is not None:
        x = round(Fraction(value) * units)
        counts[name].update({"n": 1, "wx": x, "wxx": x * x})


def held(store: Store) -> dict[str, Counts]:
    """Return what the buckets of runs hold, in the form of a recount."""
    out = {}
    for stored in store.query(Query("ops_run_buckets")):
        bucket, sums = stored.data, stored.data["sums"]
        counts = {name: sums[name] for name in ("outcomes", "errors", "gates")}
        counts["runs"], counts["seen"] = {"runs": sums["runs"]}, {"gates": sums["gatesSeen"]}
        for name in ("loss", "reward", "cost", "duration"):
            counts[name] = _powers(sums[name])
        for term, moments in sums["terms"].items():
            counts[f"terms.{term}"] = _powers(moments)
        for model, both in sums["models"].items():
            for name in ("loss", "reward"):
                counts[f"models.{model}.{name}"] = _powers(both[name])
        out[f"{bucket['component']}/{bucket['version']}/{bucket['day']:%d}"] = _plain(counts)
    return {place: counts for place, counts in out.items() if counts}


def _powers(moments: Map) -> dict[str, int]:
    weighed = (moments["w"], moments["w2X"], moments["w2Xx"])  # each run stands for itself
    assert (moments["n"], moments["wx"], moments["wxx"]) == weighed
    return {name: int(moments[name]) for name in ("n", "wx", "wxx")}


def _plain(counts: Mapping[str, Mapping[str, int]]) -> Counts:
    """Return counts without zeros, so that they compare."""
    kept = {name: {k: v for k, v in c.items() if v} for name, c in counts.items()}
    return {name: c for name, c in kept.items() if c}


def check_runs(store: Store) -> None:
    """Fail unless the buckets of runs equal a recount."""
    assert held(store) == recount(store)
