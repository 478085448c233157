"""Planted outliers: an isolation forest against a robust z-score, on the same features.

Of three worlds, an agent's conversations, made-up questions and both together, one example in
twenty-five is spoilt in one of twelve ways. The rule that lost is here only; of seven ways to sum
up its columns it is the one that did best. The airline's conversations are left out, by name, where
../shared/data is missing.
"""

from collections.abc import Callable, Mapping

import numpy as np
from sklearn.metrics import average_precision_score  # type: ignore[import-untyped]

from bench.figure import Figure
from ratchet.datasets.curate.measured import measured
from ratchet.datasets.curate.novelty import distances
from ratchet.datasets.curate.outlier import oddness, probability
from ratchet.datasets.example import Content
from ratchet.datasets.settings import DatasetSettings
from ratchet.stats.moments import Floats
from tests.support.planted import AIRLINE, World, a_world, airline, written

SEEDS, SHARE, MADE_UP = 6, 0.04, 400
_MAD, _MEAN = 1.4826, 1.2533  # what makes each spread a standard deviation's, of normal columns
_WORST = 3


def robust_z(features: Floats) -> Floats:
    """Return the mean of each row's three largest distances from the medians, in spreads.

    A column's spread is its median distance, or the mean one where half of it is one value.
    Source: Iglewicz & Hoaglin, How to Detect and Handle Outliers (1993).
    """
    known = features[:, ~np.isnan(features).all(axis=0)]
    away = np.abs(known - np.nanmedian(known, axis=0))
    median, mean = _MAD * np.nanmedian(away, axis=0), _MEAN * np.nanmean(away, axis=0)
    spread = np.where(median > 0, median, mean)
    z = np.divide(away, spread, out=np.zeros_like(away), where=spread > 0)
    return np.asarray(np.sort(np.nan_to_num(z), axis=1)[:, -_WORST:].mean(axis=1))


RULES: Mapping[str, Callable[[Floats], Floats]] = {
    "isolation forest": oddness,
    "robust z-score": robust_z,
}


def figures() -> list[Figure]:
    """Measure all of it."""
    worlds: dict[str, Callable[[int], list[Content]]] = {"made-up": _made_up}
    if AIRLINE.exists():
        told = airline()
        worlds |= {"airline": lambda seed: told, "both": lambda seed: told + _made_up(seed)}
    else:
        print("../shared/data/agents is not here: no figures of outliers among conversations")
    out = [figure for name, texts in worlds.items() for figure in _of(name, texts)]
    forest, z = (
        float(np.mean([f.value for f in out if f.name.endswith(f"{rule}: average precision")]))
        for rule in RULES
    )
    gain = "outliers, mean of the worlds: average precision of the forest less the z-score's"
    return [*out, Figure(gain, forest - z, "", 0.0, better="higher")]


def _made_up(seed: int) -> list[Content]:
    return written(MADE_UP, np.random.default_rng(seed))


def _of(name: str, texts: Callable[[int], list[Content]]) -> list[Figure]:
    """Return the figures of one world, for each rule."""
    seen = [_look(a_world(texts(seed), SHARE, seed)) for seed in range(SEEDS)]
    out = []
    for rule in RULES:
        rows = np.array([look[rule] for look in seen])
        error = rows.std(axis=0, ddof=1) / np.sqrt(SEEDS)
        said = ("average precision", "found at 0.15", "false alarms at 0.15")
        out += [
            Figure(f"outliers, {name}, {rule}: {what}", float(value), "", error=float(wide))
            for what, value, wide in zip(said, rows.mean(axis=0), error, strict=True)
        ]
    return out


def _look(world: World) -> dict[str, tuple[float, float, float]]:
    """Return what each rule makes of a world: precision, share found, share of false alarms."""
    features = measured(world.prepared, distances(world.prepared))
    wrong = np.array([kind is not None for kind in world.planted])
    found = {}
    for rule, score in RULES.items():
        scores = score(features)
        called = probability(scores) > DatasetSettings().max_outlier
        precision = float(average_precision_score(wrong, scores))
        found[rule] = (precision, float(called[wrong].mean()), float(called[~wrong].mean()))
    return found
