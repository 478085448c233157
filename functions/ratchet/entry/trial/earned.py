"""Earned: what a map of weights would have earned on a log, and how far that can be known."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np

from ratchet.entry.trial import read as log
from ratchet.entry.trial.estimates import Estimate
from ratchet.entry.trial.likeness import resembles_propensity
from ratchet.entry.trial.names import words
from ratchet.entry.trial.tally import bins_of
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.rollouts.replay_log import Chunk, Replay, replay_weights
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats
from ratchet.tune.arms import Posterior
from ratchet.tune.weights import NEAR, near_best_shares

SEEDS, REPLICATES = (0,), 200
SUM = 1e-6
SUGGESTED = (
    f"suggested from half of the units: how often each arm is the best, or within {NEAR:.0%} of it;"
    " judged on the other half"
)
HALF = BINS // 2  # weights chosen on the rows that judge them would flatter themselves
_ONLY = (
    "descriptive only: {}, so this is not what these weights would earn, only the arms' means under"
    " them"
)
ONLY = _ONLY.format("there is no propensity in this log")
EVERY = "every unit has every arm once, so this is what these weights would have earned here"


class Earned(Model):
    """A map of weights, and what is known of it: by replay, or from the arms' means alone.

    `logged` is what the log itself earned; `leftOut` rows lack a reward or a propensity.
    """

    weights: dict[str, float]
    how: str
    said: str
    logged: Estimate | None = None
    value: Estimate | None = None
    replay: Replay | None = None
    refused: dict[str, str] | None = None
    left_out: int = 0


@dataclass
class Spool:
    """What replay reads, twice: kept in a file of its own, since parsing a log again is slow."""

    arms: list[str]
    goals: tuple[str, ...]
    file: IO[bytes]
    chunks: int = 0
    left_out: int = 0
    goal: str = ""
    first_bin: int = 0

    def add(self, chunk: log.Chunk) -> None:
        """Keep a chunk's rows."""
        goals = np.stack([chunk.metrics[name] for name in self.goals])
        for column in (chunk.unit, chunk.arm, chunk.propensity, chunk.weight, goals):
            np.save(self.file, column)
        self.chunks += 1

    def __iter__(self) -> Iterator[Chunk]:
        self.file.seek(0)
        self.left_out = 0
        names = np.array(self.arms)
        for _ in range(self.chunks):
            unit, arm, propensity, weight, goals = (np.load(self.file) for _ in range(5))
            reward = goals[self.goals.index(self.goal)]
            asked = bins_of(unit) >= self.first_bin
            known = asked & ~np.isnan(reward) & ~np.isnan(propensity)
            self.left_out += int((asked & ~known).sum())
            yield Chunk(
                unit=unit[known],
                arm=names[arm[known]],
                reward=reward[known],
                propensity=propensity[known],
                count=weight[known],
            )


def parse_weights(text: str, arms: Sequence[str]) -> dict[str, float]:
    """Return the weights of `a=0.7,b=0.3`.

    Raises: InvalidInput.
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        arm, _, number = part.rpartition("=")
        arm = arm.strip()
        if "=" not in part or part.strip() in arms:
            raise InvalidInput(
                f"{part.strip() or 'an empty weight'} has no =SHARE",
                field="weights",
                mend=f"{part.strip() or arms[0]}=SHARE, like a=0.7,b=0.3; the arms are "
                + ", ".join(arms[:20]),
            )
        if arm not in arms:
            raise InvalidInput(
                f"the log has no arm {arm!r}",
                field="weights",
                mend="like a=0.7,b=0.3; the arms are " + ", ".join(arms[:20]),
            )
        try:
            found[arm] = float(number)
        except ValueError as error:
            raise InvalidInput(
                f"the weight of {arm} is {number!r}", field="weights", mend="a number, like 0.7"
            ) from error
    good = all(0 <= w <= 1 for w in found.values())  # so NaN is not
    if not good or abs(sum(found.values()) - 1) > SUM:
        raise InvalidInput(
            f"the weights {text} are not parts of 1", field="weights", mend="each 0..1, sum 1"
        )
    return found


def suggest(names: Sequence[str], num: Floats, den: Floats, seed: int) -> dict[str, float]:
    """Return weights as the tuner would begin: by how likely each arm is best, or near it.

    Near is meant relative to the best arm's mean, so that rare successes tell arms apart, too.
    Shapes: num, den (arms, bins). Units: a metric from 0 up, more is better.
    """
    total = den.sum(1)
    known = np.flatnonzero(total > 0)
    if known.size == 0:
        return {}
    n, d, t = num[known], den[known], total[known]
    mean = n.sum(1) / t
    residual = (n - mean[:, None] * d) / t[:, None]
    scale = 1 / max(float(mean.max()), 1e-9)
    mean, residual = mean * scale, residual * scale
    covariance = residual @ residual.T + np.eye(len(known)) * 1e-9
    equal = np.full(len(known), 1 / len(known))
    shares = near_best_shares(Posterior(mean, covariance, 0), equal, seed)
    rounded = np.round(shares, 3)
    rounded[int(np.argmax(rounded))] += 1 - rounded.sum()
    return {
        names[i]: round(float(w), 6) for i, w in zip(known.tolist(), rounded, strict=True) if w > 0
    }


def without_propensity(unused: Sequence[str], told: str | None) -> str:
    """Return why nothing more can be said, and which column may mend that, unless it was told."""
    alike = [name for name in unused if resembles_propensity(" ".join(words(name)))]
    if told or not alike:
        return ONLY
    what = "looks like one" if len(alike) == 1 else "look like one"
    return _ONLY.format(
        f"no propensity was read ({', '.join(alike)} {what}; --propensity {alike[0]})"
    )


def vector_of(weights: Mapping[str, float], names: Sequence[str]) -> Floats:
    """Return the weights by the place of their arm, 0 where none is given. Shape: (arms,)."""
    return np.array([weights.get(name, 0.0) for name in names])


def by_replay(
    spool: Spool, goal: str, weights: Mapping[str, float], span: float, first_bin: int
) -> tuple[Replay | None, dict[str, str] | None]:
    """Return what replay says of some weights, or why it says nothing."""
    spool.goal, spool.first_bin = goal, first_bin
    try:
        found = replay_weights(spool, weights, seeds=SEEDS, replicates=REPLICATES, span=span)
    except RatchetError as error:
        return None, {"code": error.code, "reason": error.message, "mend": error.mend}
    return found, None
