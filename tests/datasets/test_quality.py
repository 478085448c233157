"""Quality is converted in one place."""

from typing import Any

import pytest

from ratchet.datasets.quality import Scale, quality_from
from ratchet.kernel.errors import InvalidInput


@pytest.mark.parametrize(
    ("value", "scale", "quality"),
    [
        (1, "1-5", 0.0),
        (3, "1-5", 50.0),
        (4.0, "1-5", 75.0),
        (5, "1-5", 100.0),
        (0, "0-1", 0.0),
        (0.29, "0-1", 29.0),
        (0.75, "0-1", 75.0),
        (1, "0-1", 100.0),
        (75, "0-100", 75.0),
        (99.5, "0-100", 99.5),
    ],
)
def test_each_scale_runs_from_0_to_100(value: float, scale: Scale, quality: float) -> None:
    assert quality_from(value, scale) == quality


@pytest.mark.parametrize(
    ("value", "scale"),
    [
        (0.9, "1-5"),
        (5.01, "1-5"),
        (-0.1, "0-1"),
        (1.1, "0-1"),
        (101, "0-100"),
        (float("nan"), "0-1"),
        (float("inf"), "0-100"),
        (True, "0-1"),
        ("4", "1-5"),
        (None, "0-1"),
    ],
)
def test_what_is_not_on_its_scale_is_refused(value: Any, scale: Scale) -> None:
    with pytest.raises(InvalidInput, match=f"not on the scale {scale}") as caught:
        quality_from(value, scale)
    assert caught.value.field == "quality"


@pytest.mark.parametrize(
    ("value", "shown"), [(7.0, "7"), (5.25, "5.25"), (9, "9"), ("4", "'4'"), (True, "'True'")]
)
def test_a_quality_is_told_as_it_was_written(value: Any, shown: str) -> None:
    with pytest.raises(InvalidInput, match=f"^a quality of {shown} is not on the scale 1-5"):
        quality_from(value, "1-5")


def test_an_unknown_scale_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput) as caught:
        quality_from(3, "1-7")  # type: ignore[arg-type]  # what a caller may send
    assert (caught.value.field, caught.value.mend) == ("scale", "one of 1-5, 0-1, 0-100")
