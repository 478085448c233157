"""Uses: who learned from which labels, kept in parts, and marked where one was withdrawn."""

from collections.abc import Callable
from functools import partial

from ratchet.govern.roles import person
from ratchet.labels.uses import LabelUser, mark_users, record_use, withdrawn_of
from ratchet.labels.withdraw import withdraw_label
from ratchet.store.limits import check_document
from ratchet.store.port import Query, Ref, Snapshot, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import FaultyStore
from tests.support.labelled import DAY, MINUTE, label, stats_of, wrote
from tests.support.observing import KEYS, NOON, alerts, ids

ADA = person("ada")
DRAFT = "version:p@1.0.1"


def user(store: Store, name: str = DRAFT) -> LabelUser:
    """Return what is kept of a user of the router's labels."""
    found = store.get(Ref("ops_label_uses", f"{name}~router"))
    assert found is not None
    return LabelUser.from_store(found.data)


def withdrawn(store: Store, key: str) -> None:
    """Withdraw a label a minute after noon."""
    withdraw_label(store, KEYS, ADA, key, reason="wrong", now=NOON + MINUTE)


def test_the_labels_of_a_user_are_kept_and_replaced_by_those_of_its_next_time(
    store: Store,
) -> None:
    keys = [f"desk~{number:04d}" for number in range(2500)]
    record_use(store, DRAFT, "router", reversed(keys), NOON)
    assert (user(store).labels, user(store).parts) == (2500, 5)
    record_use(store, DRAFT, "router", keys[:10] * 2, NOON + MINUTE)
    assert (user(store).labels, user(store).at) == (10, NOON + MINUTE)
    assert ids(store, "ops_label_uses") == [f"{DRAFT}~router", f"{DRAFT}~router~00000"]
    assert stats_of(store).uses == 2


def test_labels_of_the_longest_keys_are_kept_and_marked(embedded: SqliteStore) -> None:
    keys = [f"{number:04d}{'k' * 1496}" for number in range(1300)]
    record_use(embedded, DRAFT, "router", keys, NOON)
    assert user(embedded).labels == 1300
    marked = user(embedded).model_copy(update={"withdrawn": tuple(keys[:600])})
    embedded.set(Ref("ops_label_uses", marked.key()), marked.to_map())
    key = keys[-1]
    marks = embedded.transact(partial(mark_users, agent="router", key=key, now=NOON))
    assert isinstance(marks[0], LabelUser)
    assert len(marks[0].withdrawn) == 600
    check_document("ops_label_uses", marks[0].key(), marks[0].to_map())


def test_what_used_no_label_is_a_user_too(embedded: SqliteStore) -> None:
    record_use(embedded, DRAFT, "router", [], NOON)
    assert (user(embedded).labels, user(embedded).parts) == (0, 0)


def test_only_users_of_the_label_are_marked(embedded: SqliteStore) -> None:
    wrote(embedded, label("a"), label("b"), label("c"))
    record_use(embedded, DRAFT, "router", ["desk~a", "desk~c"], NOON)
    record_use(embedded, "version:p@1.0.2", "router", ["desk~b"], NOON)
    withdrawn(embedded, "desk~b")
    assert user(embedded).withdrawn == ()
    assert user(embedded, "version:p@1.0.2").withdrawn == ("desk~b",)
    withdrawn(embedded, "desk~a")
    withdrawn(embedded, "desk~c")
    assert user(embedded).withdrawn == ("desk~a", "desk~c")
    record_use(embedded, DRAFT, "router", ["desk~x"], NOON + 2 * DAY)
    assert user(embedded).withdrawn == ()


def test_what_was_read_before_a_withdrawal_and_recorded_after_it_is_marked(
    embedded: SqliteStore,
) -> None:
    wrote(embedded, label("a"), label("b"))
    withdrawn(embedded, "desk~a")
    found = record_use(embedded, DRAFT, "router", ["desk~a", "desk~b"], NOON + 2 * MINUTE)
    assert found == user(embedded)
    assert found.withdrawn == ("desk~a",)
    assert alerts(embedded) == ["label-withdrawn"]


def told(store: Store) -> dict[str, str]:
    """Return the text of each alert, by what it is about."""
    return {s.data["subject"]: s.data["text"] for s in store.query(Query("ops_alerts"))}


def test_the_alert_names_all_that_were_withdrawn_and_how_many(embedded: SqliteStore) -> None:
    keys = [f"desk~{number:02d}" for number in range(22)]
    wrote(embedded, *(label(key.removeprefix("desk~")) for key in keys))
    record_use(embedded, "weights:router", "router", keys, NOON)
    record_use(embedded, DRAFT, "router", keys[:1], NOON)
    for key in keys:
        withdrawn(embedded, key)
    named = ", ".join(keys[:20])
    assert told(embedded) == {
        "weights:router": f"the judges' weights of router rest on 22 labels withdrawn since: "
        f"{named}, and 2 more",
        DRAFT: "p@1.0.1 rests on 1 label withdrawn since: desk~00",
    }


def test_learning_anew_without_the_label_is_the_end_of_its_alert(store: Store) -> None:
    wrote(store, label("a"), label("b"))
    for user_name in ("weights:router", "weights:planner", DRAFT, "version:p2@1.0.0"):
        record_use(store, user_name, "router", ["desk~a", "desk~b"], NOON)
    withdrawn(store, "desk~a")
    record_use(store, "weights:router", "router", ["desk~a", "desk~b"], NOON + MINUTE)
    assert len(told(store)) == 4  # it had read the label before
    record_use(store, "weights:router", "router", ["desk~b"], NOON + MINUTE)
    assert set(told(store)) == {"weights:planner", DRAFT, "version:p2@1.0.0"}
    record_use(store, "version:p@1.0.2", "router", ["desk~b"], NOON + MINUTE)
    assert set(told(store)) == {"weights:planner", "version:p2@1.0.0"}
    assert withdrawn_of(store, DRAFT) == ("desk~a",)
    assert withdrawn_of(store, "version:p@1.0.2") == ()


class Meanwhile(FaultyStore):
    """Lets something else happen right after the first question to a collection."""

    def __init__(self, inner: Store, collection: str, then: Callable[[], object]) -> None:
        super().__init__(inner)
        self._collection = collection
        self._then = [then]

    def query(self, query: Query) -> list[Snapshot]:
        found = super().query(query)
        if query.collection == self._collection and self._then:
            self._then.pop()()
        return found


def test_a_use_that_is_recorded_while_a_label_is_withdrawn_is_marked(
    embedded: SqliteStore,
) -> None:
    wrote(embedded, label("a"))
    use = partial(record_use, embedded, DRAFT, "router", ["desk~a"], NOON)
    withdrawn(Meanwhile(embedded, "ops_label_uses", use), "desk~a")
    assert user(embedded).withdrawn == ("desk~a",)


def test_a_label_that_is_withdrawn_while_its_use_is_recorded_marks_it(
    embedded: SqliteStore,
) -> None:
    wrote(embedded, label("a"))
    record_use(embedded, DRAFT, "router", ["desk~b"], NOON)
    slow = Meanwhile(embedded, "ops_labels", partial(withdrawn, embedded, "desk~a"))
    record_use(slow, DRAFT, "router", ["desk~a"], NOON)
    assert user(embedded).withdrawn == ("desk~a",)
