"""Watch: rules look, fail, are set and die; each alert is told once, and ends when it is over."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.govern.alerts.answer import ack_alert, resolve_alert
from ratchet.govern.alerts.settings import AlertSettings
from ratchet.insight import events
from ratchet.insight.rules import scoring_lag
from ratchet.kernel.clock import DAY, HOUR
from ratchet.kernel.errors import InvalidInput
from ratchet.policies.propose import propose
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import FaultyStore
from tests.support.governed import ADA, KEYS, POLICY, draft, switch_flags
from tests.support.observing import configure
from tests.support.watching import (
    FIVE,
    NOON,
    alert_of,
    alerts,
    look,
    looks,
    standing,
    waiting,
)

LONG = timedelta(hours=1)


def late(store: Store, looked: int = 2) -> None:
    """Let observations wait for long, and the rules look so often."""
    waiting(store, LONG, NOON)
    looks(store, NOON, NOON + (looked - 1) * FIVE)


def setting(store: Store, name: str = "scoring-lag", **fields: Any) -> None:
    """Set one rule, as a person would in the console."""
    configure(store, AlertSettings.parse({"rules": {name: fields}}))


def test_what_lasts_is_one_alert_that_is_counted_once_an_hour(store: Store) -> None:
    late(store)
    assert alert_of(store, "scoring-lag").count == 1
    looks(store, NOON + 2 * FIVE, NOON + FIVE + 2 * HOUR)
    found = alert_of(store, "scoring-lag")
    assert (found.count, found.episode) == (3, 1)


def test_one_that_comes_back_is_a_new_episode(store: Store) -> None:
    late(store)
    waiting(store, timedelta(0))
    assert look(store, NOON + 2 * FIVE).resolved == 0
    assert look(store, NOON + 3 * FIVE).resolved == 1
    assert alert_of(store, "scoring-lag").is_over
    waiting(store, LONG)
    looks(store, NOON + 4 * FIVE, NOON + 5 * FIVE)
    found = alert_of(store, "scoring-lag")
    assert (found.state, found.episode, found.count, found.total) == ("open", 2, 1, 2)


def test_an_acknowledged_one_stays_so_while_it_lasts(embedded: SqliteStore) -> None:
    late(embedded)
    key = alert_of(embedded, "scoring-lag").key()
    ack_alert(embedded, KEYS, ADA, key, note="I see to it", now=NOON + FIVE)
    looks(embedded, NOON + 2 * FIVE, NOON + 3 * HOUR)
    assert alert_of(embedded, "scoring-lag").state == "acknowledged"
    waiting(embedded, timedelta(0))
    looks(embedded, NOON + 3 * HOUR + FIVE, NOON + 3 * HOUR + 2 * FIVE)
    assert alert_of(embedded, "scoring-lag").is_over


def test_one_that_a_person_resolves_while_it_lasts_comes_back(embedded: SqliteStore) -> None:
    late(embedded)
    key = alert_of(embedded, "scoring-lag").key()
    resolve_alert(embedded, KEYS, ADA, key, reason="seems well", now=NOON + FIVE)
    look(embedded, NOON + 2 * FIVE)
    assert (alert_of(embedded, "scoring-lag").state, len(alerts(embedded))) == ("open", 1)


def test_with_the_kill_switch_off_people_are_told_all_the_same(embedded: SqliteStore) -> None:
    look(embedded, NOON - FIVE)
    switch_flags(embedded, enabled=False)
    draft(embedded, now=NOON)
    late(embedded)
    assert {what for what, _ in standing(embedded)} == {"scoring-lag", "version-proposed"}


def test_a_look_that_is_delivered_twice_counts_once(embedded: SqliteStore) -> None:
    waiting(embedded, LONG)
    for _ in range(3):
        look(embedded, NOON)
    assert standing(embedded) == []


def test_levels_looks_and_severity_can_be_set(embedded: SqliteStore) -> None:
    setting(embedded, opens=7200, opensAfter=1, severity="critical")
    late(embedded)
    assert standing(embedded) == []
    waiting(embedded, 3 * HOUR, NOON)
    look(embedded, NOON + 2 * FIVE)
    assert alert_of(embedded, "scoring-lag").severity == "critical"


@pytest.mark.parametrize(
    ("given", "band"),
    [
        ({}, (300, 60, 2, 2)),
        ({"opens": 30}, (30, 30, 2, 2)),
        ({"closes": 400}, (400, 400, 2, 2)),
        ({"opens": 500, "closes": 20, "closesAfter": 5}, (500, 20, 2, 5)),
    ],
)
def test_of_two_levels_the_one_that_is_not_set_gives_way(given: Any, band: Any) -> None:
    settings = AlertSettings.parse({"rules": {"scoring-lag": given}})
    found = scoring_lag.RULE.band_of(settings.rules["scoring-lag"])
    assert (found.opens, found.closes, found.opens_after, found.closes_after) == band


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"scoring": {}}, "rules.scoring"),
        ({"scoring-lag": {"severity": "bad"}}, "rules.scoring-lag.severity"),
        ({"scoring-lag": {"opens": 1, "closes": 2}}, "rules.scoring-lag"),
        ({"scoring-lag": {"opensAfter": 0}}, "rules.scoring-lag.opensAfter"),
    ],
)
def test_settings_that_say_nothing_sensible_are_refused_by_field(rules: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        AlertSettings.parse({"rules": rules})
    assert refused.value.field.startswith(field)


def test_a_rule_that_is_switched_off_raises_nothing_and_leaves_nothing_open(
    embedded: SqliteStore,
) -> None:
    late(embedded)
    setting(embedded, enabled=False)
    assert look(embedded, NOON + HOUR).resolved == 1
    assert standing(embedded) == []
    waiting(embedded, timedelta(0))
    setting(embedded, "version-proposed", enabled=False)
    draft(embedded, now=NOON + HOUR)
    look(embedded, NOON + HOUR)
    setting(embedded, "version-proposed")
    look(embedded, NOON + HOUR + FIVE)  # what happened meanwhile is no news
    assert standing(embedded) == []


def test_what_happened_long_before_the_first_look_is_no_news(embedded: SqliteStore) -> None:
    draft(embedded, now=NOON - 2 * DAY)
    draft(embedded, {"a": 1}, tuning_space={}, now=NOON - HOUR)
    look(embedded)
    assert standing(embedded) == [("version-proposed", f"{POLICY}@1.0.1")]


def test_after_a_pause_all_that_happened_is_told(embedded: SqliteStore) -> None:
    look(embedded, NOON)
    draft(embedded, now=NOON + FIVE)
    look(embedded, NOON + 3 * DAY)
    assert standing(embedded) == [("version-proposed", f"{POLICY}@1.0.0")]


def test_only_streams_that_moved_are_read(embedded: SqliteStore) -> None:
    draft(embedded, now=NOON)
    look(embedded, NOON)
    draft(embedded, {"a": 1}, tuning_space={}, now=NOON + FIVE)
    faulty = FaultyStore(embedded)
    look(faulty, NOON + FIVE)
    moving = len(faulty.log)
    still = FaultyStore(embedded)
    look(still, NOON + 2 * FIVE)
    # The page of entries, its end, the alert, and how far it was read.
    assert moving - len(still.log) == 4


@pytest.mark.parametrize(("first_look", "told"), [(True, 1), (False, 3)])
def test_a_first_look_ever_begins_near_the_end_and_a_new_stream_at_its_beginning(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch, first_look: bool, told: int
) -> None:
    monkeypatch.setattr(events, "LAST", 1)
    monkeypatch.setattr(events, "PAGE", 2)
    if not first_look:
        draft_of_another_policy(embedded)
        look(embedded, NOON - FIVE)
    for i in range(3):
        draft(embedded, {"a": i}, tuning_space={}, now=NOON)
    look(embedded, NOON)
    assert sum(subject.startswith(POLICY) for _, subject in standing(embedded)) == told


def test_a_change_that_shows_some_minutes_late_is_read(embedded: SqliteStore) -> None:
    draft_of_another_policy(embedded)
    look(embedded, NOON)
    draft(embedded, now=NOON - FIVE)
    look(embedded, NOON + FIVE)
    assert ("version-proposed", f"{POLICY}@1.0.0") in standing(embedded)


def draft_of_another_policy(store: Store) -> None:
    """Have a stream that was there before."""
    propose(store, KEYS, ADA, "other", {"a": 1}, reason="test", now=NOON - HOUR)
