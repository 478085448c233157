"""Logs to replay: four rows for sums by hand, a log with exploration, and recorded campaigns."""

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ratchet.rollouts.replay_log import Chunk
from ratchet.rollouts.replay_rows import Estimator, Rows
from ratchet.stats.moments import Floats
from ratchet.stats.resample import Hashes

BANDIT = Path(__file__).parents[3] / "shared" / "data" / "bandit"
LOGGED = {"a": 0.5, "b": 0.3, "c": 0.2}
RATES = {"a": 0.2, "b": 0.6, "c": 0.9}
# Weights 0.5, 2, 1, 4; weighted rewards 0.5, 0, 1, 4; weighted errors of the model 0.25, -1, 0.25,
# 3; the model expects 2.0 of the target in all.
FOUR = Rows(
    unit=np.arange(4, dtype=np.uint64),
    reward=np.array([1.0, 0.0, 1.0, 1.0]),
    propensity=np.array([0.5, 0.25, 0.5, 0.125]),
    target=np.array([0.25, 0.5, 0.5, 0.5]),
    fitted=np.array([0.5, 0.5, 0.75, 0.25]),
    expected=np.array([0.6, 0.4, 0.5, 0.5]),
)


def value(terms: Estimator, rows: Rows = FOUR) -> float:
    """Return an estimator's value of some rows."""
    return sum(float(top.sum() / bottom.sum()) for top, bottom in terms(rows))


def units(n: int, first: int = 0) -> Hashes:
    """Return the hashes of n units."""
    return np.arange(first, first + n, dtype=np.uint64)


def explored(n: int, seed: int = 1) -> Chunk:
    """Return a log of three arms, a unit a row, that took each with a chance of its own."""
    rng = np.random.default_rng(seed)
    arm = rng.choice(list(LOGGED), n, p=list(LOGGED.values()))
    return Chunk(
        unit=units(n),
        arm=arm,
        reward=(rng.random(n) < np.array([RATES[name] for name in arm])).astype(np.float64),
        propensity=np.array([LOGGED[name] for name in arm]),
    )


def parts(chunk: Chunk, *ends: int) -> Iterator[Chunk]:
    """Give a chunk in pieces that end at these rows."""
    propensity = chunk.propensity
    assert propensity is not None
    for start, end in zip((0, *ends), (*ends, len(chunk)), strict=True):
        cut = slice(start, end)
        yield Chunk(chunk.unit[cut], chunk.arm[cut], chunk.reward[cut], propensity[cut])


def campaign(name: str) -> tuple[Rows, dict[str, float]]:
    """Return a random campaign's log under the other policy, and what zr-obp says of it.

    It lies in `../shared/data/bandit`; a test that wants it is skipped where it is missing.
    """
    if not BANDIT.exists():
        pytest.skip("../shared/data/bandit is not here")
    with gzip.open(BANDIT / f"random_{name}.csv.gz", "rt", newline="") as file:
        log = list(csv.DictReader(file))
    item = np.array([int(row["item_id"]) for row in log])
    position = np.array([int(row["position"]) for row in log])
    shown = _table(BANDIT / f"bts_action_dist_{name}.csv")[:, 1:]
    model = _table(BANDIT / f"q_hat_{name}.csv")[:, 1]
    rows = Rows(
        unit=units(len(log)),
        reward=np.array([float(row["click"]) for row in log]),
        propensity=np.array([float(row["propensity_score"]) for row in log]),
        target=shown[item, position - 1],
        fitted=model[item],
        expected=(model @ shown)[position - 1],
    )
    reference: dict[str, float] = json.loads((BANDIT / "reference.json").read_text())[name]
    return rows, reference


def _table(path: Path) -> Floats:
    return np.loadtxt(path, delimiter=",", skiprows=1)
