"""Gold sets: every line is checked before any is stored, and the same set again changes nothing."""

from typing import Any

import pytest

from ratchet.govern.roles import Actor, person
from ratchet.kernel.errors import Forbidden, InvalidInput
from ratchet.labels.gold import GoldTaken, take_gold
from ratchet.labels.withdraw import withdraw_label
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.labelled import MINUTE, labels_in, loaded
from tests.support.observing import KEYS, NOON, worker

ADA = person("ada")


def line(subject: str, **fields: Any) -> dict[str, Any]:
    """Return one line of a gold set."""
    return {"agent": "router", "subject": subject, "label": "good"} | fields


def taken(store: Store, lines: list[Any], name: str = "first", minute: int = 0) -> GoldTaken:
    """Take a gold set some minutes after noon."""
    return take_gold(store, name, lines, actor=ADA, now=NOON + minute * MINUTE)


def test_a_set_is_kept_line_by_line_and_the_same_again_changes_nothing(store: Store) -> None:
    lines = [line("a"), line("b", label="bad", key="k1"), line("c", ts=0, labeller="bob")]
    lines[2]["ts"] = int(NOON.timestamp() * 1000)
    assert taken(store, lines).changed == 3
    before = store.query(Query("ops_gold"))
    assert [s.ref.id for s in before] == ["first~k1", "first~router%20a", "first~router%20c"]
    assert taken(store, lines, minute=9) == GoldTaken(gold_set="first", lines=3, changed=0)
    assert store.query(Query("ops_gold")) == before


def test_a_line_of_the_same_key_replaces_and_another_set_stands_beside(
    embedded: SqliteStore,
) -> None:
    taken(embedded, [line("a"), line("b")])
    assert taken(embedded, [line("a", label="bad"), line("b")], minute=1).changed == 1
    assert taken(embedded, [line("a")], "second").changed == 1
    said = {s.ref.id: s.data["label"] for s in embedded.query(Query("ops_gold"))}
    assert said == {
        "first~router%20a": "bad",
        "first~router%20b": "good",
        "second~router%20a": "good",
    }


def test_a_line_that_replaces_another_is_the_later_word_whatever_its_time(
    embedded: SqliteStore,
) -> None:
    at = worker(embedded)
    taken(embedded, [line("a")])
    loaded(at, NOON)
    earlier = int(NOON.timestamp() * 1000) - 86_400_000
    assert taken(embedded, [line("a", label="bad", ts=earlier)], minute=1).changed == 1
    assert taken(embedded, [line("a", label="bad", ts=earlier)], minute=2).changed == 0
    loaded(at, NOON + 3 * MINUTE)
    (found,) = labels_in(embedded).values()
    assert (found.label, found.ts) == ("bad", NOON)


def test_of_a_key_that_stands_twice_the_last_line_counts(embedded: SqliteStore) -> None:
    lines = [line("a"), line("a", confidence=50)]
    assert taken(embedded, lines).changed == 1
    assert taken(embedded, lines, minute=1).changed == 0
    (kept,) = embedded.query(Query("ops_gold"))
    assert kept.data["confidence"] == 50


def test_two_classes_of_one_subject_are_refused_and_both_lines_named(
    embedded: SqliteStore,
) -> None:
    lines = [line("a"), line("b"), line("a", agent="writer", label="bad")]
    with pytest.raises(InvalidInput) as raised:
        taken(embedded, [*lines, line("a", label="bad", key="k2")])
    assert raised.value.message == "line 4: label: a is bad here, and good in line 1"
    assert embedded.query(Query("ops_gold")) == []
    assert taken(embedded, lines).changed == 3


def test_a_line_whose_label_was_withdrawn_is_told_and_taken_under_another_key(
    embedded: SqliteStore,
) -> None:
    at = worker(embedded)
    taken(embedded, [line("a"), line("b")])
    loaded(at, NOON)
    key = next(key for key, one in labels_in(embedded).items() if one.subject == "a")
    withdraw_label(embedded, KEYS, ADA, key, reason="a slip", now=NOON + MINUTE)
    corrected = line("a", label="bad")
    told = taken(embedded, [corrected, line("b")], minute=2)
    assert told == GoldTaken(gold_set="first", lines=2, changed=0, withdrawn=1)
    assert taken(embedded, [corrected | {"key": "a again"}], minute=3).changed == 1
    report = loaded(at, NOON + 4 * MINUTE, feed="gold").feeds["gold"]
    assert (report.labels, report.withdrawn) == (1, 1)
    assert {o.label for o in labels_in(embedded).values() if o.subject == "a" and o.stands} == {
        "bad"
    }


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"agent": "router", "subject": "x"}, "(whole)"),
        (line("x", value=2.0), "value"),
        (line("x", source="desk"), "source"),
        (line("x", key="\U0001f600" * 200), "key"),
        ("text", "(whole)"),
        ({"agent": "router", "subject": "x", "stars": 0}, "stars"),
    ],
)
def test_a_wrong_line_is_named_and_keeps_all_out(
    embedded: SqliteStore, wrong: Any, field: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        taken(embedded, [line("a"), line("b"), wrong])
    assert raised.value.field == f"line 3.{field}"
    assert raised.value.message.startswith(f"line 3: {field}: ")
    assert embedded.query(Query("ops_gold")) == []


def test_a_wrong_name_of_the_set_and_no_lines_are_refused(embedded: SqliteStore) -> None:
    with pytest.raises(InvalidInput) as raised:
        taken(embedded, [line("a")], "my set")
    assert raised.value.field == "goldSet"
    with pytest.raises(InvalidInput) as none:
        taken(embedded, [])
    assert none.value.field == "lines"


def test_only_an_admin_says_what_is_true(embedded: SqliteStore) -> None:
    desk = Actor(name="desk", kind="machine", role="service")
    with pytest.raises(Forbidden):
        take_gold(embedded, "first", [line("a")], actor=desk, now=NOON)
