"""Score: how much an example is worth learning from, and whether it is taken.

The composite, 0..100, is 60 % quality, 20 % confidence, 10 % diversity and 10 % informativeness.
Quality is the example's, 0 where unknown. Confidence is the example's; of one without, whose
quality a person or a check of the world vouches for, it is 1, and else 0. Diversity and
informativeness are `curate.novelty`'s.

Three bounds are held against each example: quality (70), confidence (0.6) and the probability to be
an outlier (0.15). On a bound is within it; unknown is not. Who keeps all is accepted, who misses
one is shown to a person, who misses two or three is rejected. What people have answered of an
example (`curate.review`) stands above all three.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from ratchet.datasets.curate.novelty import distances, rarity
from ratchet.datasets.curate.outlier import outliers
from ratchet.datasets.example import CHECK, PERSON, Example
from ratchet.datasets.settings import DatasetSettings
from ratchet.datasets.versions.prepared import Prepared

Decision = Literal["ACCEPT", "REVIEW", "REJECT"]
WEIGHTS: Mapping[str, float] = {
    "quality": 0.6,
    "confidence": 0.2,
    "diversity": 0.1,
    "informativeness": 0.1,
}


class Scored(NamedTuple):
    """One example's scores and what follows; composite, diversity, informativeness are 0..100."""

    id: str
    composite: float
    diversity: float
    informativeness: float
    outlier: float
    decision: Decision


def score_examples(prepared: Sequence[Prepared], settings: DatasetSettings) -> list[Scored]:
    """Return the scores of examples, in the order given, which changes none of them.

    Raises: InvalidInput without scikit-learn, where there are over 100.
    """
    apart, rare = distances(prepared), rarity(prepared)
    odd = outliers(prepared, apart)
    rows = zip(prepared, apart.tolist(), rare.tolist(), odd.tolist(), strict=True)
    return [_scored(one.example, 100 * d, 100 * r, o, settings) for one, d, r, o in rows]


def composite_of(example: Example, diversity: float, informativeness: float) -> float:
    """Return the composite of an example, on a grid of a millionth.

    Units: diversity, informativeness and the composite 0..100.
    """
    parts = {
        "quality": example.quality or 0.0,
        "confidence": 100 * (sureness(example) or 0.0),
        "diversity": diversity,
        "informativeness": informativeness,
    }
    return round(sum(WEIGHTS[name] * value for name, value in parts.items()), 6)


def misses(example: Example, outlier: float, settings: DatasetSettings) -> tuple[str, ...]:
    """Return which of the three bounds an example misses."""
    sure = sureness(example)
    missed = {
        "quality": example.quality is None or example.quality < settings.accept_quality,
        "confidence": sure is None or sure < settings.accept_confidence,
        "outlier": outlier > settings.max_outlier,
    }
    return tuple(name for name, miss in missed.items() if miss)


def decide(example: Example, outlier: float, settings: DatasetSettings) -> Decision:
    """Return whether an example is taken, by how many of the three bounds it misses."""
    missed = len(misses(example, outlier, settings))
    return "ACCEPT" if missed == 0 else "REVIEW" if missed == 1 else "REJECT"


def sureness(example: Example) -> float | None:
    """Return how sure an example's quality is, 0..1; None where nothing says so.

    A person, and a check of the world, are sure where nobody says how sure they are.
    """
    if example.confidence is None and {PERSON, CHECK} & set(example.lineage.vouched):
        return 1.0
    return example.confidence


def _scored(
    example: Example,
    diversity: float,
    informativeness: float,
    outlier: float,
    settings: DatasetSettings,
) -> Scored:
    return Scored(
        id=example.id,
        composite=composite_of(example, diversity, informativeness),
        diversity=round(diversity, 6),
        informativeness=round(informativeness, 6),
        outlier=outlier,
        decision=decide(example, outlier, settings),
    )
