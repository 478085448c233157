"""Weights of judges: how often chance earns and skill is denied, and what a night costs."""

import math
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import numpy as np

from bench.figure import Figure
from bench.support import START
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.document import Document
from ratchet.labels.judge_accuracy import Accuracy, Judged, judge_accuracy
from ratchet.labels.judgement import Judgement
from ratchet.labels.label import Label
from ratchet.labels.weigh import weigh_judges
from ratchet.store.port import Ref, Store, Write
from ratchet.store.sqlite import SqliteStore

JUDGES = 50
SIZES = (3_000, 10_000, 30_000, 100_000)
REPEATS = 3
_COMMIT = 400


def figures() -> list[Figure]:
    """Measure all of it."""
    return named() + arithmetic() + nights()


def named() -> list[Figure]:
    """Count how often a judge that knows nothing earns, and one that knows is named."""
    out = []
    for n in (100, 300):
        random = [judge_of(0.5, n, seed) for seed in range(2000)]
        earns = float(np.mean([found.weight > 0 for found in random]))
        error = math.sqrt(0.005 * 0.995 / len(random))
        named = float(np.mean([found.finding == "random" for found in random]))
        good = [judge_of(0.8, n, seed) for seed in range(1000)]
        denied = float(np.mean([found.finding not in (None, "few") for found in good]))
        paid = float(np.mean([found.weight > 0 for found in good]))
        about = f"judges, {n} labels over 30 days: "
        out += [
            Figure(f"{about}right by chance, earns", earns, "", 0.012, error=error),
            Figure(f"{about}right by chance, named so", named, ""),
            Figure(f"{about}right 80 %, earns", paid, ""),
            Figure(f"{about}right 80 %, named as one that knows nothing", denied, "", 0.005),
        ]
    return out


def judge_of(skill: float, n: int, seed: int) -> Accuracy:
    """Return the record of a judge that is right with one probability, over 30 days."""
    rng = np.random.default_rng(seed)
    return judge_accuracy(judged(rng, n, skill))


def judged(rng: np.random.Generator, n: int, skill: float) -> Judged:
    """Return n judgements of labels of two classes."""
    label = rng.integers(0, 2, n)
    return Judged(
        said=np.where(rng.random(n) < skill, label, 1 - label),
        label=label,
        confidence=rng.random(n).round(2),
        sure=np.ones(n),
        age=rng.uniform(0, 30, n),
        subject=np.arange(n),
        classes=2,
    )


def arithmetic() -> list[Figure]:
    """Measure the arithmetic of 50 judges with up to 100,000 judgements each."""
    times = []
    for n in SIZES:
        rng = np.random.default_rng(n)
        night = [judged(rng, n, 0.8) for _ in range(JUDGES)]
        times.append(_best(partial(_weigh, night)))
    name = f"weights of {JUDGES} judges from their columns: "
    return [
        Figure(f"{name}{SIZES[-1]:,} judgements each", times[-1], "s"),
        Figure(f"{name}slope of time in log-log", _slope(times), "", 1.1),
    ]


def _weigh(night: list[Judged]) -> None:
    for one in night:
        judge_accuracy(one)


def nights() -> list[Figure]:
    """Measure a night of the embedded store with up to 100,000 judgements of 50 judges."""
    times = [night(n) for n in SIZES]
    name = f"night of weights, embedded, {JUDGES} judges: "
    return [
        Figure(f"{name}{SIZES[-1]:,} judgements", times[-1], "s"),
        Figure(f"{name}slope of time in log-log", _slope(times), "", 1.1),
    ]


def night(n: int) -> float:
    """Return the least seconds of a night over n judgements of labelled subjects."""
    store = SqliteStore()
    fill(store, n)
    reader = ConfigReader(store, ManualClock(START))
    best = _best(lambda: weigh_judges(store, reader, now=START, agent="router"))
    store.close()
    return best


def fill(store: Store, n: int) -> None:
    """Write n judgements by 50 judges over 30 days, and a person's label of every subject."""
    rng = np.random.default_rng(1)
    good = rng.random(n // JUDGES) < 0.6
    writes: list[Write] = []
    for i, truth in enumerate(good):
        ts = START - timedelta(minutes=float(rng.uniform(0, 29 * 1440)))
        writes.append(_write(label_of(f"s{i}", bool(truth), i)))
        for judge in range(JUDGES):
            said = bool(truth) if rng.random() < 0.5 + judge / (2 * JUDGES) else not truth
            one = Judgement(
                judge=f"judge-{judge}",
                family=f"family-{judge}",
                agent="router",
                subject=f"s{i}",
                label="good" if said else "bad",
                confidence=0.7,
                ts=ts,
                recorded_at=ts,
                expire_at=START + timedelta(days=60),
            )
            writes.append(_write(one))
    for at in range(0, len(writes), _COMMIT):
        store.commit(writes[at : at + _COMMIT])


def label_of(subject: str, good: bool, number: int) -> Label:
    """Return a person's label of one subject."""
    return Label(
        agent="router",
        subject=subject,
        label="good" if good else "bad",
        source="review",
        source_id=str(number),
        labeller="ada",
        ts=START,
        loaded_at=START,
    )


def _write(document: Document) -> Write:
    return Write("set", Ref(document.collection, document.key()), document.to_map())


def _best(run: Callable[[], object]) -> float:
    """Return the least seconds of a few runs."""
    best = math.inf
    for _ in range(REPEATS):
        began = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - began)
    return best


def _slope(times: list[float]) -> float:
    return float(np.polyfit(np.log(SIZES), np.log(times), 1)[0])
