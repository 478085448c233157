"""A policy that is tuned for days: arms with known rewards, drawn by the weights, tick by tick."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from ratchet.policies.version import PolicyVersion
from ratchet.stats.bucket import Sums
from ratchet.stats.moments import Floats, Moments
from ratchet.tune.view import View
from ratchet.tune.weights import suggest

START = datetime(2026, 1, 1, tzinfo=UTC)
MILLION = 10**6
WINDOW = timedelta(hours=24)
NOTHING = Sums()


@dataclass(frozen=True)
class History:
    """What became of one simulated policy. Shapes: weights (ticks, arms)."""

    weights: Floats
    gains: list[tuple[float, float, float]]

    @property
    def drift(self) -> float:
        """How far the mean weight of any arm is from where it started."""
        return float(np.abs(self.weights.mean(axis=0) - self.weights[0]).max())

    @property
    def sure(self) -> int:
        """How many drafts claim a gain (or a loss) with confidence."""
        return sum(not low <= 0 <= high for _, low, high in self.gains)


def version(weights: Mapping[str, float]) -> PolicyVersion:
    """Return a version that holds nothing but weights and their envelope."""
    return PolicyVersion(
        id="p",
        version="1.0.0",
        params={"modelWeights": dict(weights)},
        tuning_space={"modelWeights": {"kind": "simplex"}},
        created_at=START,
        created_by="test",
        updated_at=START,
    )


def moments(n: int, total: int, squares: int) -> Moments:
    """Return the moments of n unweighted rewards from their sums in millionths."""
    return Moments.model_construct(n=n, w=n, wx=total, wxx=squares, w2=n, w2x=total, w2xx=squares)


def draw(rng: np.random.Generator, weights: Floats, means: Floats, n: int, sd: float) -> list[Sums]:
    """Return what n requests bring, by arm: rewards are normal, clipped to 0..1."""
    counts = rng.multinomial(n, weights / weights.sum())
    arm = np.repeat(np.arange(len(weights)), counts)
    reward = np.rint(np.clip(rng.normal(means[arm], sd), 0, 1) * MILLION)
    total = np.bincount(arm, reward, len(weights)).tolist()
    squares = np.bincount(arm, reward * reward, len(weights)).tolist()
    return [
        NOTHING.model_copy(update={"drawn": moments(k, int(x), int(xx))})
        for k, x, xx in zip(counts.tolist(), total, squares, strict=True)
    ]


def simulate(
    means: Sequence[float],
    *,
    rate: int,
    ticks: int,
    seed: int,
    tick: timedelta = timedelta(hours=1),
    start: Sequence[float] | None = None,
    sd: float = 0.3,
    cycle: float = 0.0,
) -> History:
    """Tune a policy from one tick to the next; `rate` requests a tick, a daily `cycle` in all."""
    rng = np.random.default_rng(seed)
    arms = [f"a{k}" for k in range(len(means))]
    base = dict(zip(arms, start or [1 / len(means)] * len(means), strict=True))
    weights, present = base, version(base)
    window: deque[tuple[datetime, list[Sums]]] = deque()
    gains: list[tuple[float, float, float]] = []
    seen = [list(base.values())]
    for i in range(ticks):
        now = START + i * tick
        level = cycle * np.sin(2 * np.pi * i * (tick / WINDOW))
        share = np.array(list(weights.values()))
        window.append((now, draw(rng, share, np.array(means) + level, rate, sd)))
        while window[0][0] <= now - WINDOW:
            window.popleft()
        hours = {f"router:{a}": {at: s[k] for at, s in window} for k, a in enumerate(arms)}
        said = suggest(View(present, {"modelWeights": base}, hours, seed * 10_000 + i))
        if said.params and said.gain:
            gains.append(said.gain)
            weights = said.params["modelWeights"]
            present = present.model_copy(update={"params": {"modelWeights": weights}})
        seen.append([weights[a] for a in arms])
    return History(np.array(seen), gains)
