"""Resample: a unit counts the same in a replicate wherever it is met, and Poisson over units."""

import numpy as np
import pytest

from ratchet.stats.resample import Resample, distinct, folds_of, mix
from tests.support.replays import units


def test_the_hash_is_splitmix64() -> None:
    # The first numbers of the generator with the seed 1234567, as published with it.
    states = [(1234567 + i * 0x9E3779B97F4A7C15) % 2**64 for i in range(3)]
    assert mix(np.array(states, np.uint64)).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_counts_have_the_frequencies_of_poisson_with_mean_1() -> None:
    counts = Resample((0,), 200).counts(units(5_000))
    shares = np.bincount(counts.astype(np.int64).ravel(), minlength=5) / counts.size
    # e**-1 / k!; a million draws have a standard error of at most 0.0005
    expected = [0.367879, 0.367879, 0.183940, 0.061313, 0.015328]
    assert shares[:5] == pytest.approx(expected, abs=0.002)
    assert counts.mean() == pytest.approx(1, abs=0.005)
    assert counts.var() == pytest.approx(1, abs=0.01)


def test_a_unit_counts_the_same_whatever_comes_with_it() -> None:
    resample = Resample()
    alone = resample.counts(units(1, first=77))
    assert (resample.counts(units(200))[77] == alone[0]).all()


def test_units_replicates_and_seeds_are_independent_of_each_other() -> None:
    n = 4_000
    counts = Resample((0, 1), 20).counts(units(n))
    between = np.corrcoef(counts.T) - np.eye(40)
    assert np.abs(between).max() < 5 / np.sqrt(n)
    neighbours = np.corrcoef(counts[:-1].ravel(), counts[1:].ravel())[0, 1]
    assert abs(neighbours) < 5 / np.sqrt(counts.size)


def test_replicates_need_not_be_a_multiple_of_four() -> None:
    many, few = Resample((3,), 8).counts(units(10)), Resample((3,), 6).counts(units(10))
    assert (few == many[:, :6]).all()


def test_folds_are_even_and_say_nothing_of_the_counts() -> None:
    folds = folds_of(units(50_000), 5)
    assert np.bincount(folds, minlength=5) / 50_000 == pytest.approx(0.2, abs=0.01)
    counts = Resample((0,), 50).counts(units(50_000))
    by_fold = [counts[folds == fold].mean() for fold in range(5)]
    assert by_fold == pytest.approx([1] * 5, abs=0.01)


def test_seeds_that_are_the_same_modulo_64_bits_are_not_distinct() -> None:
    assert distinct([0, 1, -1])
    assert not distinct([1, 2, 1])
    assert not distinct([-1, 2**64 - 1])
