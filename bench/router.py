"""The contextual router on real questions: nine models, quality against cost, beside kNN.

The cost of a question is its model's price, whatever the length of the answer. Prices are plausible
list prices by size, in dollars for a million tokens: 0.10 to 0.20 for 7 to 9 billion parameters,
0.65 for about 50 billion, 0.88 for 70 billion.
"""

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.figure import Figure
from ratchet.client import OfflineTransport, PolicyClient
from ratchet.labels.heuristics.build import build
from ratchet.labels.heuristics.feature import Floats, matrix_of, width_of
from ratchet.labels.heuristics.samples import Samples
from ratchet.labels.heuristics.score import Scoring
from ratchet.labels.heuristics.settings import AgentHeuristic

DATA = Path(__file__).parents[2] / "shared" / "data" / "routing" / "dcrouter_train.jsonl.gz"
PRICES = {
    "codegemma-7b": 0.15,
    "gemma-2-9b-it": 0.20,
    "llama-3.1-8b-instruct": 0.10,
    "llama-3.1-nemotron-51b-instruct": 0.65,
    "llama-3.3-nemotron-super-49b-v1": 0.65,
    "llama3-chatqa-1.5-70b": 0.88,
    "llama3-chatqa-1.5-8b": 0.10,
    "mistral-7b-instruct-v0.3": 0.12,
    "qwen2.5-7b-instruct": 0.15,
}
WEIGHTS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0)
FOLDS, NEIGHBOURS, COMPONENTS, SEED = 5, 50, 64, 0
BEST_SINGLE, ABOVE_SINGLE, BELOW_NEIGHBOURS = 0.621, 0.025, 0.01
WANTED = AgentHeuristic.parse(
    {"policy": "router", "shipped": "router", "model": "logistic", "arms": PRICES}
)


class Questions(NamedTuple):
    """What is known of each question, and how well each model answered it (n, models)."""

    raw: list[dict[str, Any]]
    scores: Floats


class Point(NamedTuple):
    """Mean cost and quality of one way to route."""

    cost: float
    quality: float


def figures() -> list[Figure]:
    """Route every question by models that never saw it; nothing where the data are missing."""
    if not DATA.exists():
        print("no routing data beside the project: the router is not measured")
        return []
    asked = read_questions(DATA)
    began = time.perf_counter()
    router, seconds = routed(asked), time.perf_counter() - began
    ours, theirs = curve(router, asked.scores), curve(by_neighbours(asked), asked.scores)
    costs = [point.cost for point in (*ours, *theirs)]
    gap = max(at_cost(theirs, cost) - at_cost(ours, cost) for cost in costs)
    wanted = BEST_SINGLE + ABOVE_SINGLE
    return [
        Figure("router: quality, cost aside, 5-fold", ours[0].quality, "", wanted, "higher"),
        Figure("router: most below kNN at the same cost", gap, "", BELOW_NEIGHBOURS),
        *(reported("the heuristic", point) for point in ours),
        *(reported("kNN", point) for point in theirs),
        *(reported(model, point) for model, point in singles(asked.scores).items()),
        Figure("router: training 5 x 9 models, choosing and calibrating each", seconds, "s"),
        Figure("router: one decision between nine models", decision_ms(asked), "ms"),
    ]


def reported(name: str, point: Point) -> Figure:
    """Return a point of a curve as a figure."""
    return Figure(f"router: quality of {name} at {point.cost:.3f} $ a million", point.quality, "")


def read_questions(path: Path) -> Questions:
    """Return the questions as a component would record them."""
    raw, scores = [], []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            text = row["question"]
            known = {"questionWords": text, "questionLength": text, "cluster": str(row["cluster"])}
            raw.append(known | {"tokensIn": len(text.split())})
            scores.append([row["scores"][model] for model in sorted(PRICES)])
    return Questions(raw, np.array(scores))


def folds(n: int) -> Iterator[tuple[Any, Any]]:
    """Yield (train, test) rows."""
    order = np.random.default_rng(SEED).permutation(n)
    for test in np.array_split(order, FOLDS):
        yield np.setdiff1d(order, test), np.sort(test)


def routed(asked: Questions, wanted: AgentHeuristic = WANTED) -> Floats:
    """Return the value of each model for each question, by heuristics that did not see it."""
    x, out = matrix_of(wanted.specs, asked.raw), np.empty_like(asked.scores)
    for train, test in folds(len(x)):
        samples = {
            model: Samples(x[train], y, np.ones(len(train)), tuple(map(str, train)))
            for model, y in zip(sorted(wanted.arms), asked.scores[train].T, strict=True)
        }
        heuristic = build("router", wanted, samples, seed=SEED).heuristic
        out[test] = Scoring(heuristic).values(x[test])
    return out


def by_neighbours(asked: Questions) -> Floats:
    """Return the same by the 50 nearest questions: 64 TF-IDF components and the cluster."""
    from sklearn.decomposition import TruncatedSVD  # type: ignore[import-untyped]
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
    from sklearn.neighbors import KNeighborsRegressor  # type: ignore[import-untyped]

    texts = np.array([raw["questionWords"] for raw in asked.raw], dtype=object)
    cluster = np.array([int(raw["cluster"]) for raw in asked.raw])
    known, out = np.eye(cluster.max() + 1)[cluster], np.empty_like(asked.scores)
    for train, test in folds(len(texts)):
        words, parts = TfidfVectorizer(), TruncatedSVD(COMPONENTS, random_state=SEED)
        near = np.hstack([parts.fit_transform(words.fit_transform(texts[train])), known[train]])
        far = np.hstack([parts.transform(words.transform(texts[test])), known[test]])
        model = KNeighborsRegressor(NEIGHBOURS).fit(near, asked.scores[train])
        out[test] = model.predict(far)
    return out


def curve(values: Floats, scores: Floats) -> list[Point]:
    """Return what each weight of cost comes to, from none on."""
    prices, rows = np.array([PRICES[model] for model in sorted(PRICES)]), np.arange(len(scores))
    picks = [(values - weight * prices).argmax(axis=1) for weight in WEIGHTS]
    return [Point(float(prices[p].mean()), float(scores[rows, p].mean())) for p in picks]


def at_cost(points: list[Point], cost: float) -> float:
    """Return the quality at a cost, on the straight lines between points; beyond them, the last."""
    ordered = sorted(points)
    return float(np.interp(cost, [p.cost for p in ordered], [p.quality for p in ordered]))


def singles(scores: Floats) -> dict[str, Point]:
    """Return what asking one model alone comes to, by model."""
    means = zip(sorted(PRICES), scores.mean(axis=0), strict=True)
    return {model: Point(PRICES[model], float(mean)) for model, mean in means}


def decision_ms(asked: Questions) -> float:
    """Return what one decision between nine models takes in a component, from text to arm."""
    numbers = np.random.default_rng(SEED).normal(size=width_of(WANTED.specs)).tolist()
    model = {"kind": "logistic", "intercept": 0.0, "coefficients": numbers}
    heuristic = {
        "agent": "router",
        "features": {name: spec.to_wire() for name, spec in WANTED.specs.items()},
        "scorers": {name: {"model": model, "slope": 1.0, "offset": 0.0} for name in PRICES},
        "positive": "good",
        "negative": "bad",
        "arms": PRICES,
    }
    answers = {"router": {"version": "router@1.0.0", "params": {"heuristic": heuristic}}}
    client = PolicyClient(OfflineTransport(answers), "router")
    client.decide(asked.raw[0])  # parses the version
    began = time.perf_counter()
    for raw in asked.raw[:1000]:
        client.decide(raw)
    return (time.perf_counter() - began) * 1000 / len(asked.raw[:1000])
