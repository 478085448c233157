"""Whether the replay's intervals hold the truth, on tables where every arm answered every unit.

Each run draws units with replacement, lets a logging policy that knows how hard each unit is take
one arm for each, and replays a target policy on what was logged. The truth is the target's mean
reward over the whole table.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bench.figure import Figure
from certify.measure import share
from ratchet.entry.demo.world import Row, load_table
from ratchet.rollouts.replay_log import Chunk, replay_weights
from ratchet.stats.moments import Floats

TABLES = Path(__file__).parents[2] / "shared" / "data" / "outcomes"
NAMES = ("gsm8k_two_models.csv", "dcrouter_nine_models.csv.gz")
PROMISED = ("ips", "snips", "dr", "sndr")
LEAST, RUNS, ROWS, SEED = 0.93, 500, 5_000, 0
RUNS_SMALL, ROWS_SMALL = 40, 1_500
RECURRING = 5
FLOOR, SHARPNESS, BEST = 0.2, 3.0, 0.5


@dataclass(frozen=True)
class Counterfactual:
    """Every arm's reward for every unit, and how the log and the target choose.

    Shapes: rewards, logging (units, arms), target (arms,).
    """

    arms: tuple[str, ...]
    rewards: Floats
    logging: Floats
    target: Floats

    @property
    def truth(self) -> float:
        """Return the target's mean reward."""
        return float((self.rewards @ self.target).mean())

    def log(self, n: int, recurring: int, rng: np.random.Generator) -> Chunk:
        """Return a log of n rows, of n / recurring units that recur as often."""
        drawn = np.repeat(rng.integers(0, len(self.rewards), n // recurring), recurring)
        unit = np.repeat(rng.integers(0, 2**64, n // recurring, np.uint64), recurring)
        chances = self.logging[drawn]
        ends = chances.cumsum(1)
        taken = (rng.random(len(drawn))[:, None] * ends[:, -1:] >= ends).sum(1)
        return Chunk(
            unit=unit,
            arm=np.array(self.arms)[taken],
            reward=self.rewards[drawn, taken],
            propensity=chances[np.arange(len(drawn)), taken],
        )


@cache
def read(path: Path) -> Counterfactual:
    """Return a table's units with a confounded logging policy and a target of their own.

    The log takes each arm with at least 0.2 over their number; the other 0.8 go by a softmax that
    sends hard units to strong arms and easy ones to weak arms. The target gives half to the
    strongest arm and spreads the rest evenly.
    """
    table = load_table(path)
    rewards = np.array([[reward(unit[arm]) for arm in table.arms] for unit in table.units])
    means = rewards.mean(0)
    strength = (means - means.mean()) / means.std()
    hardness = 1 - rewards.mean(1)
    logits = SHARPNESS * (hardness - hardness.mean())[:, None] * strength
    soft = np.exp(logits)
    soft /= soft.sum(1, keepdims=True)
    arms = len(table.arms)
    logging = FLOOR / arms + (1 - FLOOR) * soft
    target = np.full(arms, (1 - BEST) / arms)
    target[means.argmax()] += BEST
    return Counterfactual(table.arms, rewards, logging, target)


def reward(row: Row) -> float:
    """Return a row's grade, or whether it succeeded where there is none."""
    return float(row.get("quality", row["outcome"] == "success"))


def coverage(path: Path, runs: int, n: int, seed: int, recurring: int = 1) -> dict[str, float]:
    """Return for each estimator the share of runs whose interval holds the truth."""
    world = read(path)
    rng = np.random.default_rng(seed)
    weights = dict(zip(world.arms, world.target.tolist(), strict=True))
    held: Counter[str] = Counter()
    for _ in range(runs):
        found = replay_weights([world.log(n, recurring, rng)], weights).estimates
        held.update({name: int(one.holds(world.truth)) for name, one in found.items()})
    return {name: held[name] / runs for name in found}


def figures(small: bool) -> list[Figure]:
    """Measure both tables, with units of one row and of five; nothing where there are none."""
    runs, rows = (RUNS_SMALL, ROWS_SMALL) if small else (RUNS, ROWS)
    out = []
    for name in (name for name in NAMES if (TABLES / name).is_file()):
        for recurring in (1, RECURRING):
            what = f"replay on {name.split('.')[0]}, {recurring} a unit: 95 % intervals of"
            for estimator, held in coverage(TABLES / name, runs, rows, SEED, recurring).items():
                limit = LEAST if estimator in PROMISED else None
                row = f"{what} {estimator} that hold the truth"
                out.append(share(row, held, runs, limit, "higher"))
    return out
