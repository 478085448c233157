"""A watch: where an outcome counts, and when its hour is frozen."""

from datetime import timedelta

import pytest

from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import InvalidInput
from ratchet.observe.watch import Watch
from tests.support.observing import NOON
from tests.support.rollout_recount import NEW, watch

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("arm", "shadow", "paired", "places"),
    [
        ("control", False, (), ["control"]),
        (NEW, False, (), [NEW]),
        (NEW, True, (), [f"shadow:{NEW}"]),
        ("control", False, (NEW,), ["control", f"pair:{NEW}"]),
        ("control", False, ("other", NEW), ["control", f"pair:{NEW}"]),
        ("other", False, (NEW,), []),
        ("other", True, (), []),
    ],
)
def test_an_outcome_counts_in_its_arm_or_as_shadow_and_in_the_pairs_of_shadows(
    arm: str, shadow: bool, paired: tuple[str, ...], places: list[str]
) -> None:
    assert watch().places(arm, shadow=shadow, paired=paired) == places


def test_an_hour_is_frozen_when_the_window_of_its_last_exposure_was_read() -> None:
    known = watch(outcome_window_hours=1.5)
    closing = NOON + HOUR + timedelta(hours=1.5)
    assert known.closes(NOON) == NOON + timedelta(minutes=90)
    assert not known.closed(NOON, closing - timedelta(microseconds=1))
    assert known.closed(NOON, closing)


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"outcomeWindowHours": -1}, {"arms": ["-"]}, {"epoch": "x"}]
)
def test_a_watch_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        Watch.parse(watch().to_map() | wrong)
