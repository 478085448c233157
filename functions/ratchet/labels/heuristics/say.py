"""Say what a heuristic decides of some features, and what each of them adds."""

from collections.abc import Mapping
from typing import Any

from ratchet.kernel.document import Model
from ratchet.labels.heuristics.feature import features_of
from ratchet.labels.heuristics.score import Scoring, base, explain
from ratchet.policies.heuristic import Heuristic


class Said(Model):
    """A decision, the calibrated value of each scorer, and what each feature adds to its logit.

    `bases` is the logit that they add to: with the contributions it sums to that of the value.
    """

    decision: str
    values: dict[str, float]
    bases: dict[str, float]
    contributions: dict[str, dict[str, float]]


def said_of(heuristic: Heuristic, raw: Mapping[str, Any]) -> Said:
    """Return what is decided without exploring, and why.

    Raises: InvalidInput that names the feature that is unknown, or of a wrong type.
    """
    scoring, x = Scoring(heuristic), features_of(heuristic.features, raw)
    values = scoring.values(x[None])[0]
    return Said(
        decision=scoring.ranked(values)[0],
        values=dict(zip(scoring.names, map(float, values), strict=True)),
        bases={n: base(s) for n, s in heuristic.scorers.items()},
        contributions={n: explain(heuristic, s, x) for n, s in heuristic.scorers.items()},
    )
