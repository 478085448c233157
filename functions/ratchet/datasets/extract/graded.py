"""What labels say of an example: its grades, its quality, and who vouches for it.

A label vouches as a person, for people label; one whose source is a judge (`judge`, `judge:NAME`)
vouches as that judge, and one of the source `outcomes` repeats what the author told: `self`.
"""

from collections.abc import Iterable
from statistics import fmean
from typing import NamedTuple

from ratchet.datasets.example import PERSON, SELF, ExampleLabel
from ratchet.datasets.quality import quality_from
from ratchet.labels.label import Label
from ratchet.labels.scale import named

_JUDGE, _OUTCOMES = "judge", "outcomes"


class Graded(NamedTuple):
    """What some labels say together; quality 0..100 and confidence 0..1 where they say any."""

    grades: tuple[ExampleLabel, ...]
    vouched: tuple[str, ...]
    quality: float | None
    confidence: float | None


def graded(labels: Iterable[Label]) -> Graded:
    """Return what the labels that stand say; where people spoke, theirs alone is the quality."""
    standing = sorted((label for label in labels if label.stands), key=lambda one: one.key())
    valued = [(label, value) for label in standing if (value := value_of(label)) is not None]
    valued = [pair for pair in valued if voucher_of(pair[0]) == PERSON] or valued
    return Graded(
        tuple(grade_of(label) for label in standing),
        tuple(sorted({voucher_of(label) for label in standing})),
        quality_from(fmean(value for _, value in valued), "0-1") if valued else None,
        round(fmean(label.confidence for label, _ in valued) / 100, 6) if valued else None,
    )


def grade_of(label: Label) -> ExampleLabel:
    """Return a label as it stands on an example."""
    return ExampleLabel(
        source=label.source, label=label.label, value=label.value, confidence=label.confidence
    )


def value_of(label: Label) -> float | None:
    """Return how good a label says it is, 0..1; `good` and `bad` say so by themselves."""
    return label.value if label.value is not None else named(label.label).value


def voucher_of(label: Label) -> str:
    """Return who vouches where a label stands: a person, a judge, or the author."""
    head, _, name = label.source.partition(":")
    if head == _JUDGE:
        return f"{_JUDGE}:{name or label.labeller}"
    return SELF if label.source == _OUTCOMES else PERSON
