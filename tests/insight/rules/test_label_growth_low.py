"""Label growth low: over half of an agent's labels of a week are gone in the next."""

from ratchet.insight.rules.label_growth_low import RULE
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.labelled import DAY, label, wrote
from tests.support.watching import NOON, alert_of, look, seen_by


def said(store: Store, count: int, days: int, agent: str = "router") -> None:
    """Let some labels be said so many days before noon."""
    names = (f"{agent}-{days}-{i}" for i in range(count))
    wrote(store, *(label(name, agent=agent, ts=NOON - days * DAY) for name in names))


def test_less_than_half_of_the_week_before_is_told_the_same_day(store: Store) -> None:
    said(store, 20, 9)
    said(store, 9, 2)
    look(store)
    told = alert_of(store, "label-growth-low")
    assert (told.subject, told.severity) == ("router", "warning")
    assert told.text == "router has 9 labels of 7 days, and 20 before"
    assert told.command == "ratchet labels stats"
    said(store, 6, 0)  # 15 of 20: a quarter is gone
    look(store, NOON + DAY)
    assert alert_of(store, "label-growth-low").is_over


def test_of_few_labels_fewer_say_nothing(embedded: SqliteStore) -> None:
    said(embedded, 19, 9)
    said(embedded, 40, 9, agent="planner")
    said(embedded, 30, 1, agent="planner")
    found = seen_by(RULE, embedded)
    assert {name: one.level for name, one in found.items()} == {"planner": 0.25}
