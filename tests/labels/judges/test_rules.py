"""Rules judge: the first rule that holds speaks, and a rule that cannot be one is refused."""

from typing import Any

import pytest

from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import InvalidConfig
from ratchet.labels.judges import rules
from ratchet.labels.judges.judge import Said, Seat, Unsaid, Verdict
from ratchet.labels.judges.rules import RulesSettings
from ratchet.labels.settings import JudgeSettings
from ratchet.store.sqlite import SqliteStore
from tests.support.judgements import case
from tests.support.observing import NOON

BAD = {"label": "bad", "score": 0.0}


def ask(embedded: SqliteStore, *written: dict[str, Any], **observation: Any) -> Said:
    """Return what a judge of these rules says of an observation."""
    settings = RulesSettings.parse({"rules": list(written)})
    with rules.opened(Seat(embedded, ManualClock(NOON), "r", settings)) as judge:
        return judge(case(**observation))


@pytest.mark.parametrize(
    ("test", "holds", "fails"),
    [
        ({"equals": 1}, [1, 1.0], [True, "1", 2]),
        ({"equals": False}, [False], [0, None, ""]),
        ({"in": ["a", 2]}, ["a", 2], ["b", True, None]),
        ({"above": 10}, [10.5, 11], [10, "11", True, None]),
        ({"below": 1}, [0, -3.5], [1, False, None]),
        ({"above": 1, "below": 3}, [2], [1, 3]),
        ({"longerThan": 2}, ["abc", [1, 2, 3]], ["ab", 5, None]),
        ({"matches": "(?i)^sorry"}, ["Sorry, no"], ["I am sorry", 7, None]),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_test_holds_of_what_it_names_and_of_nothing_else(
    embedded: SqliteStore, test: dict[str, Any], holds: list[Any], fails: list[Any]
) -> None:
    rule = {"at": "meta.x"} | test | BAD
    for value in holds:
        said = ask(embedded, rule, meta={"x": value})
        assert said == (Verdict(label="bad", score=0.0),), value
    for value in fails:
        assert isinstance(ask(embedded, rule, meta={"x": value}), Unsaid), value


def test_the_first_rule_that_holds_speaks_and_otherwise_the_last_word(
    embedded: SqliteStore,
) -> None:
    settings = RulesSettings.parse(
        {
            "rules": [
                {"at": "outcome", "equals": "timeout", "score": 0.0},
                {"at": "durationMs", "above": 1000, "label": "slow", "confidence": 0.9},
                {"at": "durationMs", "above": 100, "label": "fair"},
            ],
            "otherwise": {"label": "good", "score": 1.0},
        }
    )
    with rules.opened(Seat(embedded, ManualClock(NOON), "r", settings)) as judge:
        assert judge(case(durationMs=5000)) == (Verdict(label="slow", confidence=0.9),)
        assert judge(case(durationMs=500)) == (Verdict(label="fair"),)
        assert judge(case()) == (Verdict(label="good", score=1.0),)


def test_a_path_through_what_is_no_map_leads_nowhere(embedded: SqliteStore) -> None:
    rule = {"at": "meta.a.b", "equals": 1} | BAD
    for meta in (None, {"a": 1}, {"a": [1]}, {"a": {"b": None}}):
        told = Unsaid("no rule holds of it, and it has no meta.a.b")
        assert ask(embedded, rule, meta=meta) == told


def test_where_no_rule_holds_the_paths_that_lead_nowhere_are_named_and_no_others(
    embedded: SqliteStore,
) -> None:
    ats = ("meta.nosuch", "durationMs", "outcom", "meta.nosuch")
    settings = RulesSettings.parse({"rules": [{"at": at, "equals": -1} | BAD for at in ats]})
    with rules.opened(Seat(embedded, ManualClock(NOON), "r", settings)) as judge:
        assert judge(case(durationMs=5, meta={})) == Unsaid(
            "no rule holds of it, and it has no meta.nosuch, no outcom"
        )


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"at": "a", "equals": 1}, "rules.0: a label or a score is wanted"),
        ({"at": "a", "label": "bad"}, "rules.0: one of equals, in, above"),
        ({"at": "a", "matches": "(", "score": 0}, "rules.0: matches is no regular expression"),
        ({"at": "a b", "equals": 1, "score": 0}, "rules.0.at: "),
        ({"at": "a", "above": "1", "score": 0}, "rules.0.above: "),
        ({"at": "a", "in": [], "score": 0}, "rules.0.in: "),
        ({"at": "a", "like": 1, "score": 0}, "rules.0.like: "),
        ({"at": "a", "equals": 1, "score": 2}, "rules.0.score: "),
    ],
)
def test_a_rule_that_is_none_is_refused_where_the_configuration_is_written(
    rule: dict[str, Any], told: str
) -> None:
    spec = {"kind": "rules", "family": "rules", "settings": {"rules": [rule]}}
    with pytest.raises(InvalidConfig) as raised:
        JudgeSettings.parse({"judges": {"style": spec}})
    assert raised.value.field == "judges.style"
    assert f"settings.{told}" in raised.value.message
