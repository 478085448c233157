"""The composite of an example, and whether it is taken: all that may come together."""

from itertools import product
from typing import Any

import pytest

from ratchet.datasets.curate.score import (
    Decision,
    composite_of,
    decide,
    misses,
    score_examples,
)
from ratchet.datasets.example import Content
from ratchet.datasets.settings import DatasetSettings
from tests.support.curated import a_prepared, an_example, id_of

SETTINGS = DatasetSettings()


def decided(quality: float | None, confidence: float | None, outlier: float) -> Decision:
    """Return what follows from three numbers by the bounds 70, 0.6 and 0.15."""
    return decide(an_example(quality=quality, confidence=confidence), outlier, SETTINGS)


def test_a_composite_is_60_20_10_and_10_of_a_hundred() -> None:
    example = an_example(quality=80.0, confidence=0.5)
    # 48 of quality, 10 of confidence, 3 of diversity, 4 of informativeness
    assert composite_of(example, 30.0, 40.0) == 65.0
    best = an_example(quality=100.0, confidence=1.0)
    assert composite_of(best, 100.0, 100.0) == 100.0
    assert composite_of(an_example(quality=None, confidence=None), 0.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("quality", "confidence", "outlier", "decision"),
    [
        (70.0, 0.6, 0.15, "ACCEPT"),
        (100.0, 1.0, 0.0, "ACCEPT"),
        (69.999, 0.6, 0.15, "REVIEW"),
        (70.0, 0.599, 0.15, "REVIEW"),
        (70.0, 0.6, 0.151, "REVIEW"),
        (None, 0.6, 0.15, "REVIEW"),
        (70.0, None, 0.15, "REVIEW"),
        (69.0, 0.5, 0.0, "REJECT"),
        (69.0, 0.9, 0.2, "REJECT"),
        (90.0, 0.5, 0.2, "REJECT"),
        (90.0, None, 0.2, "REJECT"),
        (None, None, 0.0, "REJECT"),
        (0.0, 0.0, 1.0, "REJECT"),
    ],
)
def test_who_misses_no_bound_is_taken_who_misses_one_is_asked_about_others_are_not_taken(
    quality: float | None, confidence: float | None, outlier: float, decision: Decision
) -> None:
    assert decided(quality, confidence, outlier) == decision


def test_a_better_number_never_makes_a_worse_decision() -> None:
    order = ("REJECT", "REVIEW", "ACCEPT")
    better: dict[str, list[Any]] = {
        "quality": [None, 60.0, 70.0, 90.0],
        "confidence": [None, 0.5, 0.6, 0.9],
        "outlier": [0.9, 0.16, 0.15, 0.0],
    }
    for places in product(range(4), repeat=3):
        at = [values[place] for values, place in zip(better.values(), places, strict=True)]
        for i, values in enumerate(better.values()):
            up = [*at[:i], values[min(3, places[i] + 1)], *at[i + 1 :]]
            assert order.index(decided(*up)) >= order.index(decided(*at))


def test_the_bounds_are_those_of_the_settings() -> None:
    lax = DatasetSettings(accept_quality=50, accept_confidence=0.1, max_outlier=0.5)
    example = an_example(quality=55.0, confidence=0.2)
    assert decide(example, 0.4, lax) == "ACCEPT"
    assert misses(example, 0.4, SETTINGS) == ("quality", "confidence", "outlier")


@pytest.mark.parametrize(
    ("vouched", "confidence", "missed"),
    [
        (["check"], None, ()),
        (["person"], None, ()),
        (["judge:j"], None, ("confidence",)),
        (["self"], None, ("confidence",)),
        (["check"], 0.3, ("confidence",)),
    ],
)
def test_a_person_or_a_check_is_sure_where_nobody_says_how_sure(
    vouched: list[str], confidence: float | None, missed: tuple[str, ...]
) -> None:
    example = an_example(confidence=confidence, lineage={"vouched": vouched})
    assert misses(example, 0.0, SETTINGS) == missed


def test_scores_are_in_the_order_given_and_the_same_in_any() -> None:
    words = [Content(input=f"question {i}", output=f"answer {i * i} of it") for i in range(12)]
    some = [a_prepared(i, c, quality=60.0 + 3 * i) for i, c in enumerate(words)]
    scored = score_examples(some, SETTINGS)
    assert [one.id for one in scored] == [id_of(i) for i in range(12)]
    assert score_examples(some[::-1], SETTINGS) == scored[::-1]
    assert [one.decision for one in scored] == ["REVIEW"] * 4 + ["ACCEPT"] * 8
    assert {one.outlier for one in scored} == {0.0}  # so few know nothing of what is usual
    assert score_examples([], SETTINGS) == []


def test_one_alone_is_new_and_rare() -> None:
    (alone,) = score_examples([a_prepared(quality=90.0, confidence=1.0)], SETTINGS)
    assert alone[1:] == (94.0, 100.0, 100.0, 0.0, "ACCEPT")  # 54 + 20 + 10 + 10
