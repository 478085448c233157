"""What selection teaches: a model's accuracy on selected and on random labels, and its speed.

Does a model answer a question right? The learner is logistic regression (C = 0.3) on 100
components of the question's TF-IDF (words and pairs of words; fitted on the pool's texts, without
labels), its length, and its cluster. Of 5,608 questions 1,600 are held out, by seed; of the rest,
60 are labelled at random, and then 20 a night as `choose` draws them on what the learner, trained
so far, is unsure of. The random labels are of the same pool, for the same learner. Ten seeds.
"""

import gzip
import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.figure import Figure
from ratchet.labels.select.choose import choose
from ratchet.labels.select.copies import groups, signature
from ratchet.labels.select.uncertainty import combined, disagreement, low_confidence, spread
from ratchet.stats.moments import Floats, Ints

DATA = Path(__file__).parents[2] / "shared" / "data" / "routing" / "dcrouter_train.jsonl.gz"
ASKED = "llama3-chatqa-1.5-70b"
SEEDS, HELD_OUT = 10, 1600
START, NIGHTLY, MOST = 60, 20, 500
MARKS = (100, 200, 300, 400, 500)
TWICE = 1000
COMPONENTS = 100
SIZES = (10_000, 30_000, 100_000)
Curve = Mapping[int, float]


def figures() -> list[Figure]:
    """Compare selected with random labels for nine models, and measure the selection's growth."""
    return [*learned(), *growth()]


def learned() -> list[Figure]:
    """Report the curves of every model; one of them must need half the labels."""
    if not DATA.exists():
        print(f"no {DATA.name}: selection is not measured")
        return []
    with gzip.open(DATA, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    right = {m: np.array([r["scores"][m] >= 0.5 for r in rows]) for m in rows[0]["scores"]}
    selected: dict[str, list[Curve]] = {model: [] for model in right}
    random: dict[str, list[Curve]] = {model: [] for model in right}
    for seed in range(SEEDS):
        order = np.random.default_rng(seed).permutation(len(rows))
        test, pool = order[:HELD_OUT], order[HELD_OUT:]
        known = features(rows, pool)
        for model, labels in right.items():
            world = World(known, labels.astype(np.int64), pool, test)
            selected[model].append(world.selected(np.random.default_rng(seed)))
            random[model].append(world.random())
    return [figure for m in right for figure in told(m, selected[m], random[m])]


def told(model: str, selected: Sequence[Curve], random: Sequence[Curve]) -> list[Figure]:
    """Return the figures of one model: means over the seeds."""
    aim = mean(random, TWICE)
    reach = [n for n in selected[0] if mean(selected, n) >= aim]
    gains = [s[MOST] - r[TWICE] for s, r in zip(selected, random, strict=True)]
    error = float(np.std(gains, ddof=1) / math.sqrt(len(gains)))
    name = f"review, {model}: "
    gained = Figure(
        f"{name}accuracy, {MOST} selected less {TWICE} random labels",
        float(np.mean(gains)),
        "",
        0.0 if model == ASKED else None,
        "higher",
        error,
    )
    curve = [Figure(f"{name}{n} labels, selected", mean(selected, n), "right") for n in MARKS]
    chance = [
        Figure(f"{name}{n} labels, random", mean(random, n), "right") for n in (*MARKS, TWICE)
    ]
    good = f"{name}selected labels that are as good as {TWICE} random ones"
    reached = [Figure(good, float(n), "labels") for n in reach[:1]]
    return [gained, *reached, *curve, *chance]


def mean(curves: Sequence[Curve], n: int) -> float:
    """Return the mean accuracy at n labels."""
    return float(np.mean([curve[n] for curve in curves]))


def features(rows: Sequence[Mapping[str, str]], pool: Ints) -> Floats:
    """Return what is known of each question before anybody answers it. Shapes: (rows, features)."""
    from sklearn.decomposition import TruncatedSVD  # type: ignore[import-untyped]
    from sklearn.feature_extraction.text import (  # type: ignore[import-untyped]
        TfidfVectorizer,
    )

    text = [row["question"] for row in rows]
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2, max_df=0.5)
    topics = TruncatedSVD(COMPONENTS, random_state=0)
    topics.fit(words.fit_transform([text[i] for i in pool]))
    found = topics.transform(words.transform(text))
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    length = np.log([len(one) for one in text])
    length = (length - length[pool].mean()) / length[pool].std()
    cluster = np.eye(3)[[int(row["cluster"]) for row in rows]]
    return np.column_stack([3 * found, length, length**2, cluster])


class World:
    """The labels of one model, a pool to ask about, and questions that are held out."""

    def __init__(self, known: Floats, labels: Ints, pool: Ints, test: Ints) -> None:
        self.known, self.labels, self.pool, self.test = known, labels, pool, test

    def random(self) -> Curve:
        """Return the accuracy after so many labels at random."""
        return {n: self._accuracy(self.pool[:n]) for n in (*MARKS, TWICE)}

    def selected(self, rng: np.random.Generator) -> Curve:
        """Return the accuracy after each night's labels."""
        taken = self.pool[:START]
        curve = {START: self._accuracy(taken)}
        while len(taken) < MOST:
            rest = np.setdiff1d(self.pool, taken)
            chances = self._fit(taken).predict_proba(self.known[rest])
            rows = np.arange(len(rest))
            score = disagreement(rows, np.ones(len(rest)), chances, len(rest))
            chosen = choose(score, rows, NIGHTLY, uniform_share=0.1, rng=rng)
            taken = np.concatenate([taken, rest[chosen.index]])
            curve[len(taken)] = self._accuracy(taken)
        return curve

    def _fit(self, taken: Ints):  # type: ignore[no-untyped-def]  # scikit-learn has no types
        from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

        return LogisticRegression(C=0.3, max_iter=300).fit(self.known[taken], self.labels[taken])

    def _accuracy(self, taken: Ints) -> float:
        said = self._fit(taken).predict(self.known[self.test])
        return float((said == self.labels[self.test]).mean())


def growth() -> list[Figure]:
    """Measure a selection from measures to probabilities, near copies included."""
    times = [seconds(n) for n in SIZES]
    slope = float(np.polyfit(np.log(SIZES), np.log(times), 1)[0])
    return [
        Figure("selection over 100,000 candidates, 3 judges each", times[-1], "s"),
        Figure("slope of its time from 10k to 100k candidates in log-log", slope, "", 1.1),
    ]


def seconds(n: int) -> float:
    """Return the processor seconds that it takes to choose 20 of n texts, one in ten a copy."""
    rng = np.random.default_rng(n)
    words = rng.integers(0, 5000, (n, 20))
    words[n - n // 10 :] = words[: n // 10]
    texts = [" ".join(map(str, row)) for row in words]
    item, judge = np.repeat(np.arange(n), 3), np.tile(np.arange(3), n)
    good, weight = rng.random(3 * n), np.tile([0.9, 0.5, 0.2], n)
    began = time.process_time()
    chances = np.column_stack([good, 1 - good])
    score = combined(
        disagreement(item, weight, chances, n),
        low_confidence(rng.random(n)),
        spread(item, judge, weight, good, n),
    )
    group = groups([signature(text) for text in texts])
    choose(score, group, NIGHTLY, uniform_share=0.1, rng=rng)
    return time.process_time() - began
