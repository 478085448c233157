"""What the tests of the rules must reach, and that they would notice where they did not."""

from typing import Any

from ratchet.entry.configs import CONFIGS
from tests.rules import coverage, seeded
from tests.rules.table import TABLE
from tests.support.sources import collections

SOURCE = "allow get: if a == 1 && f(b);"


def node(text: str, *values: Any, children: tuple[Any, ...] = ()) -> dict[str, Any]:
    start = SOURCE.index(text)
    place = {"line": 1, "currentOffset": start, "endOffset": start + len(text) - 1}
    counted = [{"value": value, "count": 1} for value in values]
    return {"sourcePosition": place, "values": counted, "children": list(children)}


def gaps(*nodes: dict[str, Any]) -> list[str]:
    return coverage.gaps({"rules": {"files": [{"content": SOURCE}]}, "report": nodes})


Value = dict[str, Any]
YES: Value = {"boolValue": True}
NO: Value = {"boolValue": False}
ERROR: Value = {"undefined": {}}
SKIPPED: Value = {}


def test_the_table_names_every_collection_that_the_sources_name() -> None:
    assert set(TABLE) - {seeded.UNKNOWN} == collections()


def test_the_seeds_hold_every_configuration_that_there_is() -> None:
    assert set(CONFIGS) <= set(seeded.CONFIGS)


def test_a_condition_with_both_outcomes_is_no_gap_nor_is_a_value() -> None:
    below = node("a", {"intValue": "1"}, YES, SKIPPED)
    assert gaps(node("a == 1", YES, NO, ERROR, children=(below,))) == []


def test_what_was_never_reached_or_had_one_outcome_is_named_with_its_line() -> None:
    below = (node("a == 1", YES, ERROR), node("f(b)", NO), node("b", SKIPPED))
    assert gaps(node("a == 1 && f(b)", YES, NO, children=below)) == [
        "line 1: `a == 1` was never false",
        "line 1: `b` was never evaluated",
        "line 1: `f(b)` was never true",
    ]
