"""Null: labels shuffled over whole units, and what both rules then find."""

import numpy as np

from ratchet.entry.trial.looks import PARTS, Looks
from ratchet.entry.trial.null import Deck, deal, deck_of, shuffled
from ratchet.entry.trial.read import Chunk
from ratchet.entry.trial.sample import Sample
from ratchet.stats.resample import mix


def looks_at(arm: np.ndarray, unit: np.ndarray, value: np.ndarray) -> Looks:
    """Return looks, dealt, at some rows."""
    n = len(arm)
    looks = Looks(("success",), False, 1, Sample(width=PARTS))
    nan = np.full(n, np.nan)
    looks.add(Chunk(arm, mix(unit.astype(np.uint64)), nan, nan, np.ones(n), {"success": value}, 0))
    looks.settle()
    return looks


def labels(deck: Deck, arm: np.ndarray) -> dict[int, list[int]]:
    """Return the labels of each unit's cells, sorted."""
    by_unit: dict[int, list[int]] = {}
    for unit, label in zip(deck.unit.tolist(), arm.tolist(), strict=True):
        by_unit.setdefault(unit, []).append(label)
    return {unit: sorted(found) for unit, found in by_unit.items()}


def test_units_of_one_arm_are_dealt_over_the_arms_and_keep_how_many_each_has() -> None:
    arm = np.repeat([0, 1], [300, 100])
    deck = deck_of(looks_at(arm, np.arange(400), np.ones(400)), "success")
    dealt = deal(deck, np.random.default_rng(1))
    assert np.bincount(dealt).tolist() == [300, 100]
    assert (dealt != deck.arm).any()


def test_units_of_several_arms_keep_their_arms_in_another_order() -> None:
    unit, arm = np.repeat(np.arange(200), 3), np.tile([0, 1, 2], 200)
    deck = deck_of(looks_at(arm, unit, np.ones(600)), "success")
    dealt = deal(deck, np.random.default_rng(1))
    assert labels(deck, dealt) == labels(deck, deck.arm)
    assert 150 < (dealt == deck.arm).sum() < 250  # a third stay where they were


def test_a_real_difference_is_gone_once_labels_are_shuffled() -> None:
    rng = np.random.default_rng(3)
    arm = rng.integers(0, 2, 6000)
    value = (rng.random(6000) < np.where(arm == 1, 0.8, 0.4)) * 1.0
    found = shuffled(
        deck_of(looks_at(arm, np.arange(6000), value), "success"), (0, 1), 48, 1.0, seed=1
    )
    assert found is not None
    assert (found.shuffles, found.units) == (200, 6000)
    assert 0.15 < found.naive < 0.5
    assert found.bounded <= 0.08
    assert 0.02 < found.naive_peeks < 0.1


def test_a_real_difference_is_gone_where_some_units_met_one_arm_and_some_several() -> None:
    rng = np.random.default_rng(5)
    unit, arm = rng.permutation(np.repeat(np.arange(800), 4)), (rng.random(3200) < 0.25) * 1
    value = (rng.random(3200) < np.where(arm == 1, 0.9, 0.4)) * 1.0
    deck = deck_of(looks_at(arm, unit, value), "success")
    assert 800 < len(deck.arm) < 1600
    found = shuffled(deck, (0, 1), 48, 1.0, seed=1)
    assert found is not None
    assert found.bounded <= 0.08


def test_rows_that_repeat_their_unit_fool_the_naive_rule_alone() -> None:
    rng = np.random.default_rng(4)
    unit = np.repeat(np.arange(600), 20)
    value = np.repeat((rng.random(600) < 0.5) * 1.0, 20)
    arm = np.repeat(rng.integers(0, 2, 600), 20)
    found = shuffled(deck_of(looks_at(arm, unit, value), "success"), (0, 1), 48, 1.0, seed=1)
    assert found is not None
    assert found.naive > 0.8
    assert found.bounded <= 0.08


def test_too_few_units_show_nothing() -> None:
    arm = np.arange(99) % 2
    deck = deck_of(looks_at(arm, np.arange(99), np.ones(99)), "success")
    assert shuffled(deck, (0, 1), 48, 1.0, seed=1) is None
