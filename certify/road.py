"""Rollouts end to end, by the verbs: identical, harmful and useful versions."""

import numpy as np

from bench.figure import Figure
from certify.journey import travel
from certify.measure import chunked, median, rate
from ratchet.stats.moments import Floats

PER_HOUR, HOURS = 200, 168
LOSS, GAIN = -0.1, 0.05
LEAST_SERVED = 480  # requests of the challenger within which a harm must be found
RUNS = {0.0: 400, LOSS: 300, GAIN: 300}
SMALL = {0.0: 1, LOSS: 3, GAIN: 1}
SMALL_HOURS = 30  # of identical versions, in the small form


def figures(small: bool) -> list[Figure]:
    """Measure how the rollouts end, of the profile `significance` with a deadline of seven days."""
    runs = SMALL if small else RUNS
    found = {
        effect: chunked(f"road {effect}", Travels(effect, small), n, 2)
        for effect, n in runs.items()
    }
    none, harm, gain = (found[effect] for effect in (0.0, LOSS, GAIN))
    back = harm["rolled_back"] > 0
    soon = back & (harm["served"] <= LEAST_SERVED)
    return [
        rate("end to end, identical: promoted", none["promoted"], 0.05),
        rate("end to end, identical: rolled back", none["rolled_back"], 0.05),
        rate(f"end to end, loss 0.1: back within {LEAST_SERVED}", soon, 0.95, "higher"),
        rate("end to end, loss 0.1: promoted", harm["promoted"], 0.05),
        median("end to end, loss 0.1: challenger requests until back", harm["served"]),
        median("end to end, loss 0.1: hours until back", harm["hours"]),
        rate("end to end, gain 0.05: promoted by the deadline", gain["promoted"], 0.8, "higher"),
        median("end to end, gain 0.05: hours until promoted", gain["hours"]),
    ]


class Travels:
    """Some rollouts of one effect, each on a store of its own."""

    def __init__(self, effect: float, small: bool) -> None:
        self.effect = effect
        self.hours = SMALL_HOURS if small and not effect else HOURS

    def __call__(self, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
        """Return how each ended. Shapes: (runs,)."""
        seen = [travel(self.effect, rng, per_hour=PER_HOUR, hours=self.hours) for _ in range(runs)]
        return {
            "promoted": np.array([float(j.outcome == "promoted") for j in seen]),
            "rolled_back": np.array([float(j.outcome == "rolled_back") for j in seen]),
            "served": np.array([float(j.served) for j in seen]),
            "hours": np.array([float(j.hours) for j in seen]),
        }
