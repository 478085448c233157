"""Reading labels: by subject, by time, and by what has any; withdrawn ones do not count."""

from typing import Any

import pytest

from ratchet.kernel.errors import InvalidInput, NotFound, RatchetError
from ratchet.labels.read import (
    Wanted,
    agents_labelled,
    labels_of,
    list_labels,
    show_label,
    stream_labels,
)
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.labelled import MINUTE, label, wrote
from tests.support.observing import NOON

GONE: dict[str, Any] = {"withdrawn_at": NOON, "withdrawn_by": "eve", "withdrawn_reason": "wrong"}


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with labels of two agents, a minute apart; one is withdrawn."""
    wrote(
        store,
        label("a"),
        label("a", "bad", source="gold", ts=NOON + MINUTE),
        label("b", "bad", ts=NOON + 2 * MINUTE, **GONE),
        label("c", ts=NOON + 3 * MINUTE),
        label("a", agent="planner", source_id="p", ts=NOON + 4 * MINUTE),
    )
    return store


def test_labels_are_found_by_their_subjects(filled: Store) -> None:
    found = labels_of(filled, "router", ["a", "b", "nowhere", "a"])
    assert {subject: sorted(x.key() for x in given) for subject, given in found.items()} == {
        "a": ["desk~a", "gold~a"]
    }


def test_more_subjects_than_one_question_takes_are_all_found(embedded: SqliteStore) -> None:
    names = [f"s{number}" for number in range(70)]
    wrote(embedded, *(label(name) for name in names))
    assert sorted(labels_of(embedded, "router", names)) == sorted(names)


def test_labels_of_a_time_come_in_the_order_in_which_they_were_said(filled: Store) -> None:
    all_of_them = stream_labels(filled, "router", since=NOON)
    assert [one.key() for one in all_of_them] == ["desk~a", "gold~a", "desk~c"]
    some = stream_labels(filled, "router", since=NOON + MINUTE, until=NOON + 3 * MINUTE)
    assert [one.key() for one in some] == ["gold~a"]


def test_the_agents_with_labels_are_named(filled: Store) -> None:
    wrote(filled, label("x", agent="gone", **GONE))
    assert agents_labelled(filled) == ["planner", "router"]


def test_a_list_is_the_latest_first_of_what_is_wanted(filled: Store) -> None:
    def keys(limit: int = 9, **wanted: Any) -> list[str]:
        return [one.key() for one in list_labels(filled, Wanted(**wanted), limit=limit)]

    assert keys() == ["desk~p", "desk~c", "gold~a", "desk~a"]
    assert keys(2, agent="router") == ["desk~c", "gold~a"]
    assert keys(agent="router", withdrawn=True)[1] == "desk~b"
    assert keys(subject="a", source="gold") == ["gold~a"]
    assert keys(agent="router", since=NOON + 3 * MINUTE) == ["desk~c"]
    assert keys(since=NOON + 3 * MINUTE) == ["desk~p", "desk~c"]


def test_a_label_is_shown_with_the_others_of_its_subject_and_what_they_come_to(
    filled: Store,
) -> None:
    found = show_label(filled, "desk~a")
    assert [one.key() for one in found.others] == ["gold~a"]
    assert found.resolved is not None
    assert (found.resolved.label, found.resolved.disputed) == ("bad", True)
    assert show_label(filled, "desk~b").resolved is None
    with pytest.raises(NotFound) as raised:
        show_label(filled, "desk~nothing")
    assert raised.value.mend == "ratchet labels list, or GET /v1/labels"


def test_one_that_cannot_be_read_keeps_no_other_from_being_read(embedded: SqliteStore) -> None:
    wrote(embedded, label("a"))
    broken = {"v": 1, "agent": "router", "subject": "a", "ts": NOON, "label": 7}
    embedded.set(Ref("ops_labels", "desk~broken"), broken)
    told: list[RatchetError] = []
    tell = told.append
    assert list(labels_of(embedded, "router", ["a"], tell=tell)) == ["a"]
    assert len(list(stream_labels(embedded, "router", since=NOON, tell=tell))) == 1
    assert len(list_labels(embedded, Wanted(), limit=9, tell=tell)) == 1
    assert show_label(embedded, "desk~a", tell=tell).others == ()
    assert len(told) == 4
    with pytest.raises(InvalidInput):
        labels_of(embedded, "router", ["a"])
