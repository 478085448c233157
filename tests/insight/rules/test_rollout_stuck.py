"""Rollout stuck: a trial that is in one step for three days, until it goes on or ends."""

from datetime import datetime

from ratchet.insight.rules.rollout_stuck import RULE
from ratchet.kernel.clock import HOUR
from ratchet.rollouts.abort import abort_rollout
from ratchet.rollouts.advance import advance_rollout
from ratchet.rollouts.hold import hold_rollout
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.governed import ADA, KEYS, NOON
from tests.support.trials import begin, ready, start_twins
from tests.support.watching import alert_of, look, looks, seen_by, standing

THREE_DAYS = NOON + 72 * HOUR


def tried(store: Store) -> Rollout:
    """Try a draft in two steps, from noon."""
    ready(store)
    return begin(store, steps=(0.1, 0.4))


def advance(store: Store, it: Rollout, now: datetime) -> None:
    advance_rollout(store, KEYS, ADA, it.id, reason="on", now=now)


def test_a_trial_in_its_first_step_for_three_days_is_told(store: Store) -> None:
    it = tried(store)
    look(store, THREE_DAYS)
    assert ("rollout-stuck", it.id) not in standing(store)
    look(store, THREE_DAYS + HOUR)
    told = alert_of(store, "rollout-stuck")
    assert told.text == f"{it.id} has been in step 1 of 2 for 73 hours"
    assert (told.subject, told.command) == (it.id, f"ratchet rollout show {it.id}")


def test_a_step_begins_the_wait_anew_and_closes_what_was_open(embedded: SqliteStore) -> None:
    it = tried(embedded)
    looks(embedded, THREE_DAYS, THREE_DAYS + HOUR, HOUR)
    advance(embedded, it, THREE_DAYS + HOUR)
    look(embedded, THREE_DAYS + 2 * HOUR)
    assert alert_of(embedded, "rollout-stuck").is_over
    assert seen_by(RULE, embedded, THREE_DAYS + 2 * HOUR)[it.id].level == 1


def test_one_that_ends_is_stuck_no_more(embedded: SqliteStore) -> None:
    it = tried(embedded)
    look(embedded, THREE_DAYS + HOUR)
    abort_rollout(embedded, KEYS, ADA, it.id, reason="enough", now=THREE_DAYS + HOUR)
    look(embedded, THREE_DAYS + 2 * HOUR)
    assert alert_of(embedded, "rollout-stuck").is_over


def test_one_that_a_person_holds_says_so(embedded: SqliteStore) -> None:
    it = tried(embedded)
    hold_rollout(embedded, KEYS, ADA, it.id, reason="wait", now=NOON)
    found = seen_by(RULE, embedded, THREE_DAYS)[it.id]
    assert (found.level, found.text.endswith("; a person holds it")) == (72, True)


def test_an_aa_runs_its_time_by_plan(embedded: SqliteStore) -> None:
    ready(embedded)
    start_twins(embedded)
    assert seen_by(RULE, embedded, THREE_DAYS + HOUR) == {}
