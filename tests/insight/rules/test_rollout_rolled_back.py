"""Rollout rolled back: critical, told once, whoever decided it."""

from ratchet.rollouts.override import override_rollout
from ratchet.rollouts.scene import Follows
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.carried import LOOK, came_to, carried
from tests.support.governed import ADA, KEYS, POLICY
from tests.support.turns import (
    LATER,
    aborted,
    evaluate,
    left_behind,
    poor,
    reader,
    ready,
    regressing,
)
from tests.support.watching import alert_of, alerts, look, standing

ROLLOUT = f"{POLICY}-r4"


def told(store: Store) -> list[str]:
    return [a.subject for a in alerts(store) if a.what == "rollout-rolled-back"]


def test_what_a_verdict_rolled_back_is_told_with_it_and_not_again(store: Store) -> None:
    poor(store)
    evaluate(store)
    before = alert_of(store, "rollout-rolled-back")
    assert (before.subject, before.severity) == (ROLLOUT, "critical")
    look(store, LOOK)
    assert alert_of(store, "rollout-rolled-back") == before


def test_what_a_person_rolled_back_is_told_from_the_chain(store: Store) -> None:
    it = ready(store)
    override_rollout(
        store, KEYS, reader(store), ADA, it.id, "ROLL_BACK", reason="it is rude", now=LOOK
    )
    look(store, LOOK)
    found = alert_of(store, "rollout-rolled-back")
    assert (found.subject, found.severity) == (it.id, "critical")
    assert found.text == f"{it.id} is rolled back by ada: it is rude"
    assert found.command == f"ratchet rollout show {it.id}"
    assert found.evidence["stream"] == POLICY


def test_a_regression_after_a_promotion_is_told_of_its_holdback(embedded: SqliteStore) -> None:
    regressing(embedded)
    evaluate(embedded, LATER)
    look(embedded, LATER)
    (holdback,) = told(embedded)
    assert holdback != ROLLOUT


def test_what_a_later_gate_stopped_is_told_as_that(embedded: SqliteStore) -> None:
    rollout = ready(embedded)
    stopped = Follows(came_to("stopped", "replay"))
    assert carried(embedded, rollout, "PROMOTE", stopped).effect == "gate_stopped"
    look(embedded, LOOK)
    assert [what for what, _ in standing(embedded)] == ["rollout-gate-stopped"]


def test_an_abort_and_a_rollback_by_hand_are_no_roll_back_of_a_rollout(
    embedded: SqliteStore,
) -> None:
    ready(embedded)
    aborted(embedded)
    look(embedded, LOOK)
    assert told(embedded) == []
    other = SqliteStore()
    left_behind(other)
    look(other, LOOK)
    assert told(other) == []
    other.close()
