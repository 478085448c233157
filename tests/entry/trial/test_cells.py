"""Cells: what they read as; unknown is NaN, never zero, and what is neither is told of."""

import math
from typing import Any

import pytest

from ratchet.entry.trial.cells import instants, names_in, numbers, outcomes


def same(found: Any, wanted: list[float]) -> bool:
    """Say whether two lists of numbers are equal, NaN to NaN."""
    pairs = zip(found.tolist(), wanted, strict=True)
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in pairs)


def test_numbers_are_read_from_text_and_from_json_and_zero_is_known() -> None:
    parsed = numbers(["1.5", "", None, 0, " 2 ", "1e3"], "a number")
    assert same(parsed.values, [1.5, math.nan, math.nan, 0.0, 2.0, 1000.0])
    assert parsed.bad == ()


@pytest.mark.parametrize("cell", ["NULL", "n/a", "NaN", "-", " none "])
def test_words_for_unknown_are_unknown(cell: str) -> None:
    parsed = numbers([cell, "1"], "a number")
    assert same(parsed.values, [math.nan, 1.0])
    assert parsed.bad == ()


@pytest.mark.parametrize("cell", ["x", "1,5", "inf", "-inf", "-1", "7", "$3", [1]])
def test_what_is_no_number_of_the_range_is_bad_and_not_counted(cell: Any) -> None:
    parsed = numbers(["1", cell], "0..6", 0.0, 6.0)
    assert parsed.bad == (1,)
    assert same(parsed.values, [1.0, math.nan])


def test_a_range_may_leave_out_its_lower_end() -> None:
    assert numbers(["0", "1"], "", 0.0, 1.0, above=True).bad == (0,)


def test_outcomes_are_words_booleans_and_status_codes() -> None:
    cells = ["success", "Failure", True, False, 1, "0", "200", 429, "504", "", "timeout"]
    parsed = outcomes(cells, negated=False)
    assert same(parsed.values, [1, 0, 1, 0, 1, 0, 1, 0, 0, math.nan, 0])
    assert parsed.bad == ()


@pytest.mark.parametrize("cell", ["great", "0.7", "99", "600"])
def test_what_is_no_outcome_is_bad(cell: str) -> None:
    assert outcomes([cell, "ok"], negated=False).bad == (0,)


def test_in_a_column_of_errors_nothing_is_a_success_and_anything_else_is_none() -> None:
    parsed = outcomes(["", None, "rate_limit", 429, "-100", False, True, 0], negated=True)
    assert same(parsed.values, [1, 1, 0, 0, 0, 1, 0, 1])


@pytest.mark.parametrize(
    "cell",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01 00:00:00",
        "2026/01/01 00:00:00",
        "2026-01-01T01:00:00+01:00",
        "1767225600",
        1767225600000,
        "1767225600000000",
        1767225600 * 10**9,
    ],
)
def test_instants_are_iso_or_epoch_in_any_unit(cell: Any) -> None:
    parsed = instants([cell, ""])
    assert parsed.bad == ()
    assert same(parsed.values, [1_767_225_600.0, math.nan])


@pytest.mark.parametrize("cells", [["2026-01-01", "yesterday"], ["1767225600", "soon"]])
def test_what_is_no_instant_is_bad(cells: list[str]) -> None:
    assert instants(cells).bad == (1,)


def test_names_are_stripped_and_unknown_ones_are_empty() -> None:
    assert names_in([" a ", "", None, 3, True]) == ["a", "", "", "3", "true"]


def test_a_number_that_no_sum_could_hold_is_a_bad_cell() -> None:
    assert numbers(["1e14", "1e306", "-1e155"], "a number").bad == (1, 2)


def test_times_in_nanoseconds_are_read_and_those_beyond_the_calendar_are_not() -> None:
    found = instants(["1773144000000000000", "1e300"])
    assert found.values[0] == pytest.approx(1_773_144_000)
    assert found.bad == (1,)


def test_a_digit_that_is_no_decimal_is_a_bad_outcome() -> None:
    assert outcomes(["²", "200"], negated=False).bad == (0,)
