"""Measure how unsure each candidate is, by what its judges said and by its own confidence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ratchet.labels.judge_weight import JudgeWeight
from ratchet.labels.label import BAD, GOOD
from ratchet.labels.select.candidate import Candidate
from ratchet.labels.select.frames import Word
from ratchet.labels.select.uncertainty import combined, disagreement, low_confidence, spread
from ratchet.stats.moments import Floats

# A judge that nobody could measure yet counts half: without it, no first labels are found.
UNMEASURED = 0.5
# A judge may answer freely: people are shown no more classes than a question takes.
MOST = 50
OTHER = "other"
_WORDS = ("judges leave it open", "its own confidence is low", "a judge contradicts itself")


@dataclass(frozen=True)
class Measures:
    """How unsure each candidate is. Shapes: all (candidates,). Units: 0..1."""

    classes: tuple[str, ...]
    disagreement: Floats
    low_confidence: Floats
    spread: Floats
    score: Floats

    def reason(self, i: int) -> str:
        """Return why a candidate was likely to be drawn, the weightiest first."""
        found = (float(m[i]) for m in (self.disagreement, self.low_confidence, self.spread))
        told = sorted(zip(found, _WORDS, strict=True), reverse=True)
        words = [f"{word} ({value:.2f})" for value, word in told if value >= 0.005]
        return ", ".join(words) or "drawn by chance: nothing says that it is unsure"


def measure(
    candidates: Sequence[Candidate],
    said: Mapping[str, Sequence[Word]],
    weights: Mapping[str, JudgeWeight],
) -> Measures:
    """Return the measures of the candidates; a class is any that a judge named, or good and bad."""
    n = len(candidates)
    words = [(i, w) for i, c in enumerate(candidates) for w in said.get(c.subject, ())]
    classes = _classes(Counter(w.label for _, w in words if w.label is not None))
    item = np.array([i for i, _ in words], np.int64)
    judges = {name: k for k, name in enumerate(sorted({w.judge for _, w in words}))}
    judge = np.array([judges[w.judge] for _, w in words], np.int64)
    weight = np.array([_weight(weights.get(w.judge)) for _, w in words])
    chances = np.array([_chances(w, classes) for _, w in words]).reshape(-1, len(classes))
    apart = disagreement(item, weight, chances, n)
    unsure = low_confidence(np.array([c.confidence for c in candidates], np.float64))
    varied = [spread(item, judge, weight, chances[:, k], n) for k in range(len(classes))]
    turned = np.max(varied, axis=0)
    return Measures(classes, apart, unsure, turned, combined(apart, unsure, turned))


def _classes(named: Counter[str]) -> tuple[str, ...]:
    """Return the classes to choose from; of very many, those that are named most, and `other`."""
    if set(named) <= {GOOD, BAD}:
        return (GOOD, BAD)
    if 1 < len(named) <= MOST:
        return tuple(sorted(named))
    ranked = sorted(named, key=lambda name: (-named[name], name))
    return tuple(sorted({*ranked[: MOST - 1], OTHER}))


def _weight(earned: JudgeWeight | None) -> float:
    if earned is None or earned.finding == "few":
        return UNMEASURED
    return earned.weight


def _chances(word: Word, classes: Sequence[str]) -> list[float]:
    """Return what a judge gives each class; a word that names none of them gives all the same."""
    if word.label is not None:
        said = word.label if word.label in classes else OTHER
        sure = 1.0 if word.confidence is None else word.confidence
        rest = (1 - sure) / (len(classes) - 1)
        return [sure if name == said else rest for name in classes]
    if word.score is None or GOOD not in classes:
        return [1 / len(classes)] * len(classes)
    rest = (1 - word.score) / (len(classes) - 1)
    return [word.score if name == GOOD else rest for name in classes]
