"""Looks: by the hour where a log has times, else dealt; sums that add up either way."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.entry.trial.looks import DEALT, MOST, PARTS, Looks
from ratchet.entry.trial.read import Chunk
from ratchet.entry.trial.sample import Sample
from ratchet.stats.resample import mix

HOUR = 3600


def chunk(ts: list[float], values: list[float] | None = None) -> Chunk:
    """Return rows of one arm and a unit each."""
    n = len(ts)
    return Chunk(
        arm=np.zeros(n, np.int64),
        unit=mix(np.arange(n, dtype=np.uint64)),
        ts=np.array(ts, dtype=np.float64),
        propensity=np.full(n, np.nan),
        weight=np.ones(n),
        metrics={"success": np.array(values or [1.0] * n)},
        nameless=n,
    )


def looked(*chunks: Chunk, timed: bool = True) -> Looks:
    """Return settled looks at some chunks."""
    looks = Looks(("success",), timed, 1, Sample(width=PARTS))
    for part in chunks:
        looks.add(part)
    looks.settle()
    return looks


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [
        *[(1, 1), (10, 5), (24, 60), (168, 60), (169, 120), (24 * 30, 480)],
        pytest.param(24 * 365, 5760, marks=pytest.mark.slow),
    ],
)
def test_the_longer_a_log_the_wider_its_looks(hours: int, minutes: int) -> None:
    looks = looked(chunk([float(t) for t in range(0, hours * HOUR, HOUR // 6)]))
    assert looks.minutes == minutes
    assert len(looks.slots()) <= MOST
    binned, rows = looks.at("success", [0])
    assert binned[0, -1, 0].sum() == rows[0, -1, 0] == hours * 6


def test_sums_grow_from_look_to_look_and_end_with_all() -> None:
    day = [float(h * HOUR + i) for h in range(24) for i in range(3)]
    values = [1.0, 0.0, np.nan] * 24
    binned, rows = looked(chunk(day, values)).at("success", [0])
    assert binned.shape == (1, 24, 2, 256)
    assert binned[0, :, 0].sum(-1).tolist() == [2.0 * (h + 1) for h in range(24)]
    assert rows[0, -1].tolist() == [48, 24, 24]


def test_the_order_in_which_rows_come_changes_nothing() -> None:
    day = [float(h * HOUR) for h in range(300)]
    forth, back = looked(chunk(day)), looked(chunk(day[::-1]))
    assert forth.slots() == back.slots()
    assert forth.at("success", [0])[1].tolist() == back.at("success", [0])[1].tolist()


def test_a_row_without_a_time_is_at_no_look_and_counted() -> None:
    looks = looked(chunk([0.0, np.nan, 20.0 * HOUR]))
    assert looks.untimed == 1
    assert looks.at("success", [0])[1][0, -1, 0] == 2


def test_without_times_units_are_dealt_evenly_and_stay_together() -> None:
    rows = chunk([np.nan] * 48_000)
    looks = looked(rows, replace(rows), timed=False)
    assert looks.slots() == list(range(DEALT))
    sizes = np.diff(looks.at("success", [0])[1][0, :, 0], prepend=0)
    assert sizes.sum() == 96_000
    # 2 x 1000 a look, of 1000 units each: SD 31 units, so five of them is 313 rows
    assert np.abs(sizes - 2000).max() < 313
    assert (sizes % 2 == 0).all()


def test_units_are_counted_when_they_are_first_met() -> None:
    first = chunk([0.0, HOUR, 20.0 * HOUR])
    again = replace(first, ts=first.ts + 22 * HOUR)
    assert looked(first, again).units_met(1).tolist() == [[1, 2, 3, 3, 3, 3]]
