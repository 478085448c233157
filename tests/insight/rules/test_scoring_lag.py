"""Scoring lag: what waits for its reward over five minutes, at two looks in a row."""

from datetime import timedelta

from ratchet.insight.rules.scoring_lag import RULE
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.watching import FIVE, NOON, alert_of, look, seen_by, standing, waiting

MINUTE = timedelta(minutes=1)


def test_a_wait_over_five_minutes_is_told_at_the_second_look(store: Store) -> None:
    waiting(store, 6 * MINUTE)
    look(store)
    assert standing(store) == []
    waiting(store, 11 * MINUTE, NOON + FIVE)
    look(store, NOON + FIVE)
    told = alert_of(store, "scoring-lag")
    assert "waited 11 minutes" in told.text
    assert (told.command, told.evidence["shard"]) == ("ratchet doctor", 0)


def test_it_is_over_when_no_wait_is_over_a_minute_for_two_looks(embedded: SqliteStore) -> None:
    opened = []
    for i, minutes in enumerate((6, 6, 3, 1, 2, 1, 0, 0)):
        waiting(embedded, minutes * MINUTE, NOON + i * FIVE)
        look(embedded, NOON + i * FIVE)
        opened.append(len(standing(embedded)))
    assert opened == [0, 1, 1, 1, 1, 1, 0, 0]


def test_where_nothing_waits_the_level_is_0(embedded: SqliteStore) -> None:
    assert seen_by(RULE, embedded)["score_observations"].level == 0
