"""Training: an agent's labels joined with what was observed; a new agent is configuration alone."""

from datetime import timedelta

import pytest

from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.labels.heuristics.say import said_of
from ratchet.labels.heuristics.train import train
from ratchet.labels.label import LABELS
from ratchet.observe.observation import COLLECTION
from ratchet.store.port import Filter, Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.governed import NOON, POLICY, SECOND
from tests.support.taught import (
    AGENT,
    CONFIG,
    FEATURES,
    configure,
    label,
    observed,
    put,
    taught,
    trained,
)


def test_a_new_agent_is_trained_from_configuration_alone(store: Store) -> None:
    found = trained(store)
    assert found.policy == POLICY
    assert (found.reports["good"].labels, len(found.labels[AGENT]), found.left_out) == (60, 60, {})
    assert next(iter(found.reports["good"].importances)) == "urgent"
    urgent = said_of(found.heuristic, {"urgent": True, "size": 3})
    assert urgent.decision == "good"
    assert urgent.values["good"] == pytest.approx(0.8, abs=0.15)
    assert said_of(found.heuristic, {"size": 3}).decision == "bad"


def test_labels_that_came_in_another_order_give_the_same_model(embedded: SqliteStore) -> None:
    reader = taught(embedded)
    first = train(embedded, reader, AGENT, now=NOON)
    stored = embedded.query(Query(LABELS))
    for i, one in enumerate(stored):
        embedded.set(one.ref, one.data | {"ts": NOON - (i + 1) * SECOND})
    again = train(embedded, reader, AGENT, now=NOON)
    assert again.heuristic == first.heuristic


def test_conflicting_labels_of_a_subject_are_one_row_and_withdrawn_ones_none(
    embedded: SqliteStore,
) -> None:
    reader = taught(embedded)
    gold = label(AGENT, "of-critic.1", "good", source="gold", source_id="g1", labeller="gold")
    gone = label(AGENT, "of-critic.2", "bad", source_id="w1", withdrawn_at=NOON)
    put(embedded, [gold, gone])
    found = train(embedded, reader, AGENT, now=NOON)
    # Of 60 subjects 24 are good, and gold makes one more so.
    assert (found.reports["good"].labels, found.reports["good"].positives) == (60, 25)


def test_what_nothing_can_be_learned_from_is_left_out_and_counted(embedded: SqliteStore) -> None:
    reader = taught(embedded)
    spoilt = observed(embedded, "spoilt", [{"urgent": "yes"}])[0]
    extra = [
        label(AGENT, "gone.7", "good"),
        label(AGENT, spoilt, "good"),
        label(AGENT, "of-critic.3", "bad", confidence=0.0),
        label(AGENT, "elsewhere", "good", features_ref="no such/collection/x"),
    ]
    put(embedded, extra)
    (broken, *_) = embedded.query(Query(LABELS, (Filter("subject", "==", "of-critic.4"),)))
    embedded.set(broken.ref, broken.data | {"confidence": "sure"})
    found = train(embedded, reader, AGENT, now=NOON)
    assert found.reports["good"].labels == 58
    assert found.left_out == {
        "label cannot be read": 1,
        "document is gone": 2,
        "features are unfit": 1,
        "label is sure of nothing": 1,
    }


@pytest.mark.parametrize("edit", [{"items": [{"meta": {}}, 3]}, {"indexes": [0]}])
def test_a_batch_that_was_broken_by_hand_is_counted_and_stops_nothing(
    embedded: SqliteStore, edit: dict[str, object]
) -> None:
    reader = taught(embedded)
    first, _ = observed(embedded, "spoilt", [{"urgent": True}, {"urgent": False}])
    put(embedded, [label(AGENT, first, "good")])
    ref = Ref(COLLECTION, first.partition(".")[0])
    batch = embedded.get(ref)
    assert batch is not None
    embedded.set(ref, batch.data | edit)
    found = train(embedded, reader, AGENT, now=NOON)
    assert found.reports["good"].labels == 60
    assert found.left_out == {"document is no batch of observations": 1}


def test_labels_that_were_drawn_teach_the_share_of_all_that_could_be(embedded: SqliteStore) -> None:
    ids = observed(embedded, AGENT, [{"urgent": i % 2 == 0} for i in range(80)])
    chance = {"good": 0.8, "bad": 0.2}  # the good ones are asked about four times as often
    words = ["good" if i % 4 < 2 else "bad" for i in range(80)]
    told = [label(AGENT, x, w, propensity=chance[w]) for x, w in zip(ids, words, strict=True)]
    put(embedded, told)
    found = train(embedded, configure(embedded, {AGENT: CONFIG}), AGENT, now=NOON)
    # 40 good ones of 1.25 and 40 bad ones of 5: a fifth is good.
    assert found.reports["good"].baseline_brier == pytest.approx(0.2 * 0.8)
    assert said_of(found.heuristic, {"urgent": True}).values["good"] == pytest.approx(0.2, abs=0.03)


def test_features_come_from_the_document_that_a_label_names(embedded: SqliteStore) -> None:
    reader = configure(embedded, {AGENT: CONFIG})
    for i in range(50):
        embedded.set(Ref("ops_runs", f"run-{i}"), {"v": 1, "meta": {"urgent": i % 2 == 0}})
    named = [
        label(AGENT, f"r{i}", "bad" if i % 2 else "good", features_ref=f"ops_runs/run-{i}")
        for i in range(50)
    ]
    put(embedded, named)
    found = train(embedded, reader, AGENT, now=NOON)
    assert found.reports["good"].auc > 0.99


def test_labels_before_the_window_do_not_count(embedded: SqliteStore) -> None:
    reader = taught(embedded)
    with pytest.raises(InvalidInput, match="critic has 0 labels"):
        train(embedded, reader, AGENT, now=NOON + timedelta(days=90))


def test_a_router_learns_the_value_of_each_arm(embedded: SqliteStore) -> None:
    values = {"a": (0.9, 0.2), "b": (0.5, 0.6)}  # where urgent, and where not
    for arm, (urgent, calm) in values.items():
        ids = observed(embedded, f"router:{arm}", [{"urgent": i % 2 == 0} for i in range(80)])
        given = [(urgent, calm)[i % 2] + (0.1, -0.1)[i // 2 % 2] for i in range(80)]
        said = [
            label(f"router:{arm}", one, "good" if value >= 0.5 else "bad", value)
            for one, value in zip(ids, given, strict=True)
        ]
        put(embedded, said)
    reader = configure(embedded, {"r": CONFIG | {"arms": {"a": 0.1, "b": 0.5}}})
    found = train(embedded, reader, "r", now=NOON)
    assert set(found.labels) == {"router:a", "router:b"}
    told = [said_of(found.heuristic, {"urgent": urgent}) for urgent in (True, False)]
    assert [one.decision for one in told] == ["a", "b"]
    assert told[0].values["b"] == pytest.approx(0.5, abs=0.08)


def test_an_agent_that_nothing_is_configured_for_is_named(embedded: SqliteStore) -> None:
    reader = configure(embedded, {AGENT: {"policy": "p", "features": FEATURES}})
    with pytest.raises(NotFound, match=r"nothing for painter, only for: critic"):
        train(embedded, reader, "painter", now=NOON)


def test_of_very_many_labels_the_latest_are_learned_from(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ratchet.labels.heuristics.train.MOST", 55)
    reader = taught(embedded)
    for i in range(5):
        one = label(
            AGENT,
            f"of-critic.{i}",
            "good",
            ts=NOON - timedelta(hours=1),
            source_id=f"critic-of-critic.{i}",
        )
        embedded.delete(Ref(LABELS, one.key()))
        put(embedded, [one])
    found = train(embedded, reader, AGENT, now=NOON)
    assert sum(found.left_out.values()) == 5
    assert not {f"review~critic-of-critic.{i}" for i in range(5)} & set(found.labels[AGENT])
