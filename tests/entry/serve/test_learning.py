"""What the metrics say of labels, judges, the review queue and roads."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from ratchet.entry.serve.learning import read_learning
from ratchet.labels.judge_weight import JudgeWeight
from ratchet.labels.label import Label
from ratchet.labels.review_item import ReviewItem
from ratchet.labels.write import write_labels
from ratchet.rollouts.rollout import Outcome
from ratchet.store.port import Ref, Store
from tests.support.evidenced import rollout
from tests.support.governed import NOON, POLICY

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def put(store: Store, document: Any) -> None:
    store.set(Ref(document.collection, document.key()), document.to_map())


def road(
    store: Store, name: str, outcome: Outcome, shares: Sequence[float], hours: Sequence[int]
) -> None:
    """Store a canary of some shares that opened, and last ended, some hours ago."""
    steps = tuple({"1.0.1": share} for share in shares)
    opened = tuple(NOON - hour * HOUR for hour in hours[:-1])
    told = {"id": name, "state": "ended", "outcome": outcome, "opened": opened}
    ended = {"ended_at": NOON - hours[-1] * HOUR, "started_at": opened[0]}
    put(store, rollout(["1.0.1"], mode="canary", steps=steps).model_copy(update=told | ended))


def test_labels_are_counted_by_agent_and_by_week(embedded: Store) -> None:
    def said(agent: str, subject: str, days: int) -> Label:
        return Label(
            agent=agent,
            subject=subject,
            label="good",
            source="gold",
            source_id=f"{agent}/{subject}",
            labeller="ada",
            ts=NOON - days * DAY,
            loaded_at=NOON,
        )

    labels = [said("planner", "a", 0), said("planner", "b", 20), said("critic", "a", 3)]
    embedded.transact(lambda tx: write_labels(tx, labels))
    found = read_learning(embedded, now=NOON)
    assert found.labels == {"planner": 2, "critic": 1}
    assert found.labels_last_week == {"planner": 1, "critic": 1}


def test_the_queue_is_as_old_as_its_oldest_item_that_is_not_done(embedded: Store) -> None:
    def item(subject: str, hours: int, **more: Any) -> ReviewItem:
        return ReviewItem(
            agent="planner",
            subject=subject,
            enqueued_by="test",
            enqueued_at=NOON - hours * HOUR,
            expire_at=NOON + DAY,
            **more,
        )

    assert read_learning(embedded, now=NOON).queue_age == 0
    for one in (item("a", 2), item("b", 5), item("c", 9, state="done")):
        put(embedded, one)
    assert read_learning(embedded, now=NOON).queue_age == 5 * 3600


def test_judges_are_told_with_their_weight_and_how_much_it_moves(embedded: Store) -> None:
    earned = JudgeWeight(
        judge="strict",
        agent="planner",
        weight=0.4,
        plain=0.5,
        agreement=0.7,
        chance_corrected=0.4,
        n=90,
        effective_n=60.0,
        ts=NOON,
    )
    put(embedded, earned)
    put(embedded, earned.model_copy(update={"judge": "new", "weight": 0.0}))
    put(embedded, earned.model_copy(update={"agent": "critic", "week_variance": 0.02}))
    found = read_learning(embedded, now=NOON)
    assert found.weights[("planner", "strict")] == 0.4
    assert found.variances == {("critic", "strict"): 0.02}


def test_roads_say_how_long_they_took_and_how_many_went_back(embedded: Store) -> None:
    road(embedded, "r1", "promoted", (0.02, 0.1, 0.5), (60, 48, 24, 0))
    road(embedded, "r2", "promoted", (0.25,), (12, 0))
    road(embedded, "r3", "rolled_back", (0.1, 0.5), (9, 8, 7))
    road(embedded, "r4", "aborted", (0.1,), (9, 8))
    road(embedded, "old", "rolled_back", (0.1,), (31 * 24 + 1, 31 * 24))
    found = read_learning(embedded, now=NOON)
    assert found.promotion_hours == {POLICY: pytest.approx((48 + 12) / 2)}
    assert found.rollback_rates == {POLICY: pytest.approx(1 / 3)}


def test_a_document_that_was_broken_by_hand_hides_no_other(embedded: Store) -> None:
    road(embedded, "r1", "promoted", (0.1,), (12, 0))
    embedded.set(Ref("ops_rollouts", "r2"), {"v": 1, "endedAt": NOON, "policy": 7})
    embedded.set(Ref("ops_judge_weights", "x"), {"v": 1, "judge": 7})
    found = read_learning(embedded, now=NOON)
    assert found.promotion_hours == {POLICY: 12}
    assert found.weights == {}
