"""Bars of bounds: better is to the right, whichever way the metric lies."""

from typing import Any

import pytest

from ratchet.entry.cli.rollout_bars import WIDTH, Drawn, bar, drawn
from ratchet.rollouts.verdict import TermSeen
from tests.support.judged import term

COST = {"metric": "cost", "better": "lower", "role": "guardrail"}


def shown(**fields: Any) -> Drawn | None:
    return drawn(TermSeen.parse(term(**fields)))


def test_bounds_are_of_how_much_better_the_challenger_is() -> None:
    assert shown(needed=0.02, allowed=0.05) == Drawn(0.1, 0.3, 0.02, -0.05, relative=False)
    cheaper = shown(**COST, interval={"low": -0.3, "high": -0.1}, needed=-0.02)
    assert cheaper == Drawn(0.1, 0.3, -0.02, 0.0, relative=False)


def test_a_threshold_in_another_unit_than_the_bounds_is_not_drawn() -> None:
    parts: dict[str, Any] = {"relative": True, "low": 0.2, "high": 0.6, "needed": 0.02}
    assert shown(**parts, allowed=0.05) == Drawn(0.2, 0.6, 0.02, None, relative=True)
    # nothing lost is nothing in either unit
    assert shown(**parts, allowed=0.0) == Drawn(0.2, 0.6, 0.02, 0.0, relative=True)
    assert shown(**parts | {"needed": None}, allowed=0.05, allowedRelative=True) == Drawn(
        0.2, 0.6, None, -0.05, relative=True
    )


@pytest.mark.parametrize("missing", [{"interval": None}, {"relative": True, "low": 0.1}])
def test_what_has_no_bounds_is_not_drawn(missing: dict[str, Any]) -> None:
    assert shown(**missing) is None


def test_a_bar_covers_its_bounds_between_the_thresholds() -> None:
    line = bar(Drawn(-0.05, 0.1, promote=0.05, back=-0.1, relative=False))
    assert len(line) == WIDTH + 2
    assert line == "[<         " + "=" * 10 + "|" + "=" * 9 + ">" + "=" * 10 + "]"


def test_a_bar_of_nothing_at_all_is_a_mark_in_the_middle() -> None:
    assert bar(Drawn(0.0, 0.0, None, None, relative=False)) == f"[{' ' * 20}|{' ' * 20}]"
