"""Watch under faults: rules that fail, documents that are broken, deaths, and looks at once."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Literal

import pytest

from ratchet.insight import watch
from ratchet.insight.events import load_read
from ratchet.insight.hysteresis import Band
from ratchet.insight.memory import memory_ref, parse_memory
from ratchet.insight.rule import Condition, EventRule, Finding, Rule, Sight
from ratchet.insight.rules import RULES, scoring_lag
from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import InvalidInput, Unavailable
from ratchet.store.counting import CountingStore
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.governed import POLICY, draft
from tests.support.watching import (
    FIVE,
    NOON,
    alert_of,
    alerts,
    carded,
    look,
    looks,
    rewarded,
    standing,
    waiting,
)

pytestmark = pytest.mark.slow

LONG = timedelta(hours=1)


def late(store: Store, looked: int = 2) -> None:
    """Let observations wait for long, and the rules look so often."""
    waiting(store, LONG, NOON)
    looks(store, NOON, NOON + (looked - 1) * FIVE)


def failing(error: Exception) -> Rule:
    """Return a rule that stops in the middle."""

    def conditions(sight: Sight) -> Iterator[Condition]:
        yield Condition(subject="s", text="t", command="ratchet doctor", level=99)
        raise error

    return Rule("warning", FIVE, Band(opens=1, closes=1), conditions)


def with_rules(monkeypatch: pytest.MonkeyPatch, rules: Mapping[str, Any]) -> None:
    monkeypatch.setattr(watch, "RULES", rules)


def test_a_rule_that_fails_stops_no_other_and_is_told_until_it_is_well(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = failing(InvalidInput("ops_x/y does not parse", field="f", mend="mend that field"))
    with_rules(monkeypatch, {"below-retrain": bad, "scoring-lag": scoring_lag.RULE})
    late(embedded)
    assert standing(embedded) == [
        ("rule-failed", "below-retrain"),
        ("scoring-lag", "score_observations"),
    ]
    told = alert_of(embedded, "rule-failed")
    assert told.text == "below-retrain could not see all: ops_x/y does not parse"
    assert (told.evidence["field"], told.count) == ("f", 1)
    with_rules(monkeypatch, {"below-retrain": scoring_lag.RULE})
    look(embedded, NOON + FIVE)
    assert alert_of(embedded, "rule-failed").is_over


def test_what_nobody_foresaw_is_told_and_raised_when_all_have_looked(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = {"below-retrain": failing(ZeroDivisionError("0")), "scoring-lag": scoring_lag.RULE}
    with_rules(monkeypatch, rules)
    waiting(embedded, LONG)
    for i in range(2):
        with pytest.raises(ZeroDivisionError, match="0"):
            look(embedded, NOON + i * FIVE)
    assert ("scoring-lag", "score_observations") in standing(embedded)
    assert "unexpected ZeroDivisionError" in alert_of(embedded, "rule-failed").text


def test_an_event_on_which_one_rule_fails_is_told_by_the_others_and_read_no_more(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bad(sight: Sight, entry: object) -> Finding:
        raise InvalidInput("no such rollout")

    proposed = frozenset({"propose"})
    rules = {"rollout-promoted": EventRule("info", proposed, bad)}
    with_rules(monkeypatch, rules | {"version-proposed": RULES["version-proposed"]})
    draft(embedded, now=NOON)
    assert look(embedded, NOON).failed == ("events",)
    assert ("version-proposed", f"{POLICY}@1.0.0") in standing(embedded)
    assert look(embedded, NOON + FIVE).failed == ()
    assert alert_of(embedded, "rule-failed").is_over


def test_a_document_that_cannot_be_read_hides_no_other(embedded: SqliteStore) -> None:
    embedded.set(Ref("ops_cards", "broken"), {"v": 1, "component": 7})
    look(embedded, NOON)
    told = alert_of(embedded, "rule-failed")
    assert told.subject == "loss-degrading"
    assert "ops_cards/broken" in told.text


def test_a_head_that_was_broken_by_hand_hides_no_stream(embedded: SqliteStore) -> None:
    embedded.set(Ref("ops_policy_heads", "a"), {"v": 1, "id": "a", "auditSequence": "many"})
    draft(embedded, now=NOON)
    assert "events" in look(embedded, NOON).failed
    assert ("version-proposed", f"{POLICY}@1.0.0") in standing(embedded)


def test_a_store_that_does_not_answer_is_the_callers_matter(embedded: SqliteStore) -> None:
    waiting(embedded, LONG)
    down = FaultyStore(embedded, 5, "before", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        look(down, NOON)
    assert alerts(embedded) == []


def opened(store: Store) -> None:
    """Bring about one of each: a matter that lasts, one that ends, and an event."""
    waiting(store, LONG, NOON)
    look(store, NOON)
    draft(store, now=NOON + FIVE)


def lives(when: Literal["before", "after"], die_at: int | None) -> tuple[Store, list[str]]:
    """Look twice with a matter, and twice without; who dies is replaced and looks again."""
    store = SqliteStore()
    opened(store)
    faulty = FaultyStore(store, die_at, when)
    for i in range(1, 4):
        if i == 2:
            waiting(store, timedelta(0))
        try:
            look(faulty, NOON + i * FIVE)
        except Died:
            look(faulty, NOON + i * FIVE)
    return store, faulty.log


def test_whoever_dies_between_any_two_calls_loses_no_alert_and_doubles_none() -> None:
    _, log = lives("before", None)
    for die_at in range(1, len(log) + 1):
        for when in ("before", "after"):
            store, _ = lives(when, die_at)
            found = {(a.what, a.state, a.count, a.episode) for a in alerts(store)}
            assert found == {
                ("scoring-lag", "resolved", 1, 1),
                ("version-proposed", "open", 1, 1),
            }, f"{when} call {die_at}: {log[die_at - 1]}"
            store.close()


def test_two_that_look_at_once_leave_one_memory_and_one_alert(embedded: SqliteStore) -> None:
    late(embedded, looked=1)
    ref, now = memory_ref("scoring-lag"), NOON + FIVE

    class Overtaken(FaultyStore):
        """A store in which another look is done while this one's alert is raised."""

        def get_many(self, refs: Any) -> Any:
            found = self.inner.get_many(refs)
            if ref in refs:
                look(self.inner, now)
            return found

    look(Overtaken(embedded), now)
    assert alert_of(embedded, "scoring-lag").count == 1
    assert parse_memory(embedded.get(ref)).at == now


def test_a_look_at_a_still_store_is_cheap(embedded: SqliteStore) -> None:
    for i in range(30):
        rewarded(embedded, f"c{i}", 0.8)
        carded(embedded, NOON, low=None, component=f"c{i}")
    draft(embedded, now=NOON - HOUR)
    look(embedded, NOON)
    counting = CountingStore(embedded)
    look(counting, NOON + FIVE)
    # 7 memories; config/alerts and config/ingest with their last good values, the shards twice;
    # 4 shards' cursors and oldest observations; the chain's record and its moved heads; quiet ones.
    assert (counting.bill.reads, counting.bill.writes) == (7 + 6 + 8 + 2 + 1, 1)
    before = counting.bill
    look(counting, NOON + HOUR)
    hourly = counting.bill - before  # a card and two looks at statistics for each component
    assert 3 * 30 <= hourly.reads <= 3 * 30 + 40
    assert load_read(embedded).at == NOON + HOUR
