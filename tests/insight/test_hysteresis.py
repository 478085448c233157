"""Hysteresis: what lasts is told in time, and what is noise does not flap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ratchet.insight.hysteresis import Band, Standing, stepped

BAND = Band(opens=10, closes=6, opens_after=2, closes_after=3)
levels = st.lists(st.floats(0, 20), max_size=60)
bands = st.builds(
    lambda low, gap, first, last: Band(
        opens=low + gap, closes=low, opens_after=first, closes_after=last
    ),
    st.floats(0, 10),
    st.floats(0, 10),
    st.integers(1, 5),
    st.integers(1, 5),
)


def path(series: list[float], band: Band = BAND) -> list[bool]:
    """Return look by look whether a condition is open."""
    out, now = [], Standing()
    for level in series:
        now = stepped(now, level, band)
        out.append(now.is_open)
    return out


def turns(found: list[bool]) -> int:
    """Return how often a condition opened or closed."""
    return sum(a is not b for a, b in zip([False, *found], found, strict=False))


def test_two_looks_in_a_row_open_and_three_close() -> None:
    series = [11, 9, 11, 12, 8, 5, 6, 7, 6, 6, 6, 12]
    opened = [False, False, False, True, True, True, True, True, True, True, False, False]
    assert path([float(level) for level in series]) == opened


def test_a_level_on_the_upper_edge_is_not_bad_and_one_on_the_lower_is_well() -> None:
    assert path([10.0] * 5) == [False] * 5
    assert path([11.0, 11.0, 6.0, 6.0, 6.0])[-1] is False


def test_noise_around_the_threshold_turns_once_where_a_bare_threshold_turns_hundreds_of_times() -> (
    None
):
    rng = np.random.default_rng(7)
    series = rng.normal(10, 1, 1000).tolist()
    bare = Band(opens=10, closes=10)
    assert turns(path(series, bare)) > 300
    assert turns(path(series)) == 1


def test_a_level_that_may_be_off_by_chance_closes_where_it_surely_is_well() -> None:
    now, band = Standing(is_open=True), Band(opens=10, closes=6)
    assert stepped(now, 4.0, band, unsure=2.5).is_open
    assert not stepped(now, 3.5, band, unsure=2.5).is_open
    assert stepped(Standing(), 10.1, band, unsure=2.5).is_open  # what is poor is told as before


def test_between_the_levels_nothing_opens_and_nothing_closes() -> None:
    between = np.random.default_rng(1).uniform(6.001, 9.999, 500).tolist()
    assert turns(path(between)) == 0
    assert turns(path([11.0, 11.0, *between])) == 1


@given(before=levels, band=bands)
def test_a_real_rise_is_told_within_its_looks_whatever_was_before(
    before: list[float], band: Band
) -> None:
    assert path([*before, *[21.0] * band.opens_after], band)[-1]


@given(before=levels, band=bands)
def test_what_is_well_again_closes_within_its_looks_whatever_was_before(
    before: list[float], band: Band
) -> None:
    assert not path([*before, *[-1.0] * band.closes_after], band)[-1]


@given(series=levels, band=bands)
def test_no_turn_comes_without_its_looks_in_a_row(series: list[float], band: Band) -> None:
    found = path(series, band)
    for i, (was, is_open) in enumerate(zip([False, *found], found, strict=False)):
        if is_open and not was:
            assert min(series[i + 1 - band.opens_after : i + 1]) > band.opens
        if was and not is_open:
            assert max(series[i + 1 - band.closes_after : i + 1]) <= band.closes


def test_levels_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValidationError, match="bad and well"):
        Band(opens=1, closes=2)
