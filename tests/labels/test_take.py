"""Labels from outside: the good ones of a batch are stored, the others named, twice is once."""

from typing import Any

import pytest

from ratchet.govern.roles import Actor, person
from ratchet.kernel.clock import millis
from ratchet.kernel.errors import Forbidden, InvalidBatch, InvalidInput
from ratchet.labels.take import LabelsTaken, take_labels
from ratchet.labels.withdraw import withdraw_label
from ratchet.observe.observation import MAX_BATCH
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.labelled import MINUTE, assert_counted, labels_in, said_in, stats_of
from tests.support.observing import KEYS, NOON

ADA = person("ada")
DESK = Actor(name="desk@example.com", kind="machine")


def sent(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a label as a caller sends it."""
    pair = {"source": "desk", "sourceId": str(number)}
    word = {} if {"label", "grade", "stars", "decision", "thumbs"} & set(fields) else {"stars": 4}
    return {"agent": "router", "subject": f"s{number}"} | pair | word | fields


def taken(store: Store, payload: Any, minute: int = 0) -> LabelsTaken:
    """Take what somebody sends some minutes after noon."""
    return take_labels(store, payload, actor=ADA, now=NOON + minute * MINUTE)


def test_each_item_is_taken_on_the_scale_that_it_names(store: Store) -> None:
    batch = [
        sent(1, thumbs="down"),
        sent(2, grade=0.25),
        sent(3, stars=5),
        sent(4, decision="approved"),
        sent(5, label="spam", value=0.125),
        sent(6, stars=5, confidence=10),
    ]
    assert taken(store, {"labels": batch}) == LabelsTaken(accepted=6, duplicate=0)
    assert {key: told[2:] for key, told in said_in(store).items()} == {
        "desk~1": ("bad", 0.0, 100.0),
        "desk~2": ("bad", 0.25, 50.0),
        "desk~3": ("good", 1.0, 100.0),
        "desk~4": ("good", 1.0, 100.0),
        "desk~5": ("spam", 0.125, 100.0),
        "desk~6": ("good", 1.0, 10.0),
    }
    assert_counted(store)


def test_a_word_of_a_pair_that_was_withdrawn_is_told_and_another_id_says_it(
    embedded: SqliteStore,
) -> None:
    taken(embedded, [sent(1)])
    withdraw_label(embedded, KEYS, ADA, "desk~1", reason="a slip", now=NOON + MINUTE)
    again = [sent(1, stars=1), sent(1, stars=1, sourceId="1b")]
    told = taken(embedded, again, minute=2)
    assert told == LabelsTaken(accepted=2, duplicate=0, withdrawn=1)
    assert not labels_in(embedded)["desk~1"].stands
    assert labels_in(embedded)["desk~1b"].label == "bad"


def test_who_sends_it_labels_unless_it_says_who(embedded: SqliteStore) -> None:
    batch = [sent(1), sent(2, labeller="a customer", featuresRef="ops_runs/r", ts=millis(NOON))]
    take_labels(embedded, batch, actor=DESK, now=NOON + MINUTE)
    first, second = labels_in(embedded).values()
    assert (first.labeller, first.ts) == ("desk@example.com", NOON + MINUTE)
    told = (second.labeller, second.ts, second.features_ref, second.loaded_at)
    assert told == ("a customer", NOON, "ops_runs/r", NOON + MINUTE)


def test_the_same_again_changes_nothing_with_a_time_or_without(store: Store) -> None:
    batch = [sent(1), sent(2, ts=millis(NOON))]
    taken(store, batch)
    before = labels_in(store)
    assert taken(store, batch, minute=5) == LabelsTaken(accepted=2, duplicate=2)
    assert labels_in(store) == before


def test_a_later_word_replaces_an_earlier_one_and_not_the_other_way(embedded: SqliteStore) -> None:
    taken(embedded, sent(1, thumbs="up"), minute=1)
    assert taken(embedded, sent(1, thumbs="down"), minute=2).duplicate == 0
    late = sent(1, thumbs="up", ts=millis(NOON))
    assert taken(embedded, late, minute=3).duplicate == 1
    assert [one.label for one in labels_in(embedded).values()] == ["bad"]
    assert stats_of(embedded).by_class == {"good": 0, "bad": 1}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"agent": "no agent"}, "agent"),
        ({"subject": ""}, "subject"),
        ({"source": "gold"}, "source"),
        ({"source": "review"}, "source"),
        ({"source": "judges"}, "source"),
        ({"sourceId": 7}, "sourceId"),
        ({"sourceId": "\U0001f600" * 300}, "sourceId"),
        ({"stars": 9}, "stars"),
        ({"stars": 4, "thumbs": "up"}, "(whole)"),
        ({"stars": None}, "(whole)"),
        ({"stars": 4, "value": 0.5}, "(whole)"),
        ({"confidence": 101}, "confidence"),
        ({"confidence": 0.9}, "confidence"),
        ({"stars": None, "label": "good "}, "label"),
        ({"stars": None, "label": "Good"}, "label"),
        ({"stars": None, "label": "good", "value": 0.2}, "value"),
        ({"stars": None, "label": "bad", "value": 0.5}, "value"),
        ({"ts": millis(NOON) + 11 * 60_000}, "ts"),
        ({"ts": millis(NOON) // 1000}, "ts"),
        ({"ts": "today"}, "ts"),
        ({"shown": True}, "shown"),
    ],
)
def test_a_bad_item_comes_back_with_its_field_and_the_good_one_is_stored(
    embedded: SqliteStore, fields: dict[str, Any], field: str
) -> None:
    found = taken(embedded, [sent(1), sent(2) | fields])
    assert (found.accepted, [(r.index, r.field) for r in found.rejected]) == (1, [(1, field)])
    assert list(labels_in(embedded)) == ["desk~1"]


def test_a_confidence_as_a_share_is_told_what_was_meant(embedded: SqliteStore) -> None:
    with pytest.raises(InvalidInput, match=r"0\.\.100; did you mean 90\?"):
        taken(embedded, sent(1, confidence=0.9))
    assert taken(embedded, [sent(1, confidence=0), sent(2, confidence=1)]).accepted == 2


def test_where_every_item_is_bad_the_answer_is_an_error(embedded: SqliteStore) -> None:
    with pytest.raises(InvalidBatch) as raised:
        taken(embedded, ["text", sent(1, source="feedback")])
    assert [r.index for r in raised.value.rejected] == [0, 1]
    with pytest.raises(InvalidInput) as alone:
        taken(embedded, sent(1, stars=0))
    assert alone.value.field == "stars"
    assert labels_in(embedded) == {}


@pytest.mark.parametrize("payload", [[], None, "text", {"labels": {}}, [{}] * (MAX_BATCH + 1)])
def test_what_is_no_batch_is_refused(embedded: SqliteStore, payload: Any) -> None:
    with pytest.raises(InvalidInput) as raised:
        taken(embedded, payload)
    assert raised.value.field == "labels"


def test_an_unknown_field_beside_the_batch_is_refused(embedded: SqliteStore) -> None:
    with pytest.raises(InvalidInput) as raised:
        taken(embedded, {"labels": [sent()], "dryRun": True})
    assert raised.value.field == "dryRun"


def test_a_full_batch_is_stored_whole(embedded: SqliteStore) -> None:
    assert taken(embedded, [sent(i) for i in range(MAX_BATCH)]).accepted == MAX_BATCH
    assert stats_of(embedded).total == MAX_BATCH


def test_a_label_that_was_broken_by_hand_is_named_and_keeps_no_other_out(
    embedded: SqliteStore,
) -> None:
    embedded.set(Ref("ops_labels", "desk~3"), {"v": 1, "label": 7})
    found = taken(embedded, [sent(i) for i in range(5)])
    assert found.accepted == 4
    (refused,) = found.rejected
    assert refused.index == 3
    assert "ops_labels/desk~3" in refused.reason


def test_a_service_says_what_nothing_is(embedded: SqliteStore) -> None:
    service = DESK.model_copy(update={"role": "service"})
    with pytest.raises(Forbidden):
        take_labels(embedded, [sent()], actor=service, now=NOON)
    assert labels_in(embedded) == {}
