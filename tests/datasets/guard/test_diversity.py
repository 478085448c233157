"""Diversity: reference values by hand, and the alert when a version has less than its parent."""

import math
from datetime import timedelta

import numpy as np
import pytest

from ratchet.datasets.guard import diversity
from ratchet.datasets.guard.diversity import diversity_of, tell_diversity
from ratchet.datasets.versions.prepared import Vector
from ratchet.govern.alerts.read import list_alerts
from ratchet.store.sqlite import SqliteStore
from tests.support.governed import NOON

E = np.eye(4, dtype=np.float32)


def rows(*vectors: Vector) -> list[Vector]:
    return list(vectors)


@pytest.mark.parametrize(
    ("vectors", "expected"),
    [
        (rows(), 0.0),
        (rows(E[0]), 0.0),
        (rows(E[0], E[0], 3 * E[0]), 0.0),  # one direction, whatever the length
        (rows(*E), 1.0),
        (rows(*E, *E), 1.0),  # copies in the same measure change nothing
        (rows(E[0], E[1]), 1.0),  # two have at most two directions
        # Two directions of four, half and half: log 2 / log 4.
        (rows(E[0], E[0], E[1], E[1]), 0.5),
        # Three to one: -(0.75 log 0.75 + 0.25 log 0.25) / log 4.
        (rows(E[0], E[0], E[0], E[1]), 0.405639),
        # A cosine of 0.6 has the eigenvalues 1 +- 0.6, halved: the entropy of 0.8 and 0.2.
        (rows(E[0], np.array([0.6, 0.8, 0, 0], np.float32)), 0.721928),
        (rows(*E, np.zeros(4, np.float32)), 1.0),  # no direction at all
    ],
)
def test_reference_values(vectors: list[Vector], expected: float) -> None:
    assert diversity_of(vectors) == expected


def test_it_is_the_logarithm_of_the_vendi_score_of_the_cosines() -> None:
    vectors = np.random.default_rng(1).normal(size=(30, 8)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors.astype(float), axis=1, keepdims=True)
    own = np.linalg.eigvalsh(unit @ unit.T / 30)
    score = math.exp(-sum(v * math.log(v) for v in own.tolist() if v > 1e-12))
    assert diversity_of(list(vectors)) == pytest.approx(math.log(score, 8), abs=1e-6)
    assert diversity_of(list(vectors[::-1])) == diversity_of(list(vectors))


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = list(np.random.default_rng(2).normal(size=(50, 8)).astype(np.float32))
    whole = diversity_of(vectors)
    monkeypatch.setattr(diversity, "BLOCK", 7)
    assert diversity_of(vectors) == whole


def told(store: SqliteStore, now: float, parent: float | None) -> list[str]:
    tell_diversity(store, "d", "1.0.1", now, parent=parent, fall_by=0.2, now=NOON)
    return [one.key() for one in list_alerts(store)]


def test_a_fall_of_over_a_fifth_alerts_and_one_of_a_fifth_does_not(embedded: SqliteStore) -> None:
    assert told(embedded, 0.4, 0.5) == []
    assert told(embedded, 0.39, 0.5) == ["dataset-diversity~d"]
    (about,) = list_alerts(embedded)
    assert about.evidence == {"version": "1.0.1", "diversity": 0.39, "parent": 0.5, "fallBy": 0.2}
    assert about.command == "ratchet dataset show d@1.0.1"


@pytest.mark.parametrize("parent", [0.4, None])
def test_a_version_that_is_diverse_enough_or_the_first_clears_it(
    embedded: SqliteStore, parent: float | None
) -> None:
    told(embedded, 0.1, 0.5)
    later = NOON + timedelta(days=1)
    fell = tell_diversity(embedded, "d", "1.0.2", 0.4, parent=parent, fall_by=0.2, now=later)
    assert not fell
    assert list_alerts(embedded) == []
