"""Sample: a bounded number of units, each of them whole and as likely as any other."""

import numpy as np

from ratchet.entry.trial.sample import KEPT_ROWS, Sample
from ratchet.stats.resample import mix


def test_a_small_log_is_kept_whole_and_summed_by_unit_arm_and_slot() -> None:
    sample = Sample(width=1)
    unit = np.array([5, 5, 9, 5], np.uint64)
    sample.add(unit, np.array([0, 0, 0, 1]), np.array([3, 3, 3, 3]), np.ones((4, 1)))
    sample.merge()
    assert sample.share == 1.0
    assert sample.keys.tolist() == [(5, 0, 3), (5, 1, 3), (9, 0, 3)]
    assert sample.sums.ravel().tolist() == [2, 1, 1]


def test_of_a_large_log_the_kept_units_have_all_their_rows() -> None:
    sample = Sample(width=1)
    units = mix(np.arange(400_000, dtype=np.uint64))
    for slot in range(2):  # every unit comes twice, far apart
        for part in np.split(units, 20):
            zeros = np.zeros(len(part), np.int64)
            sample.add(part, zeros, zeros + slot, np.ones((len(part), 1)))
    sample.merge()
    assert len(sample.keys) <= KEPT_ROWS
    _, rows = np.unique(sample.keys["unit"], return_counts=True)
    assert set(rows.tolist()) == {2}
    assert abs(len(rows) / sample.share / 400_000 - 1) < 0.02
    assert sample.share == 1 / 8


def test_a_sample_of_nothing_is_empty() -> None:
    sample = Sample(width=3)
    sample.merge()
    assert (len(sample.keys), sample.sums.shape) == (0, (0, 3))
