"""Judgements arrive: taken once each, refused with a reason that says what mends it."""

from collections.abc import Callable
from typing import Any, Literal

import pytest

from ratchet.kernel.clock import millis
from ratchet.kernel.errors import InvalidBatch, InvalidInput
from ratchet.labels.judgement import JUDGEMENTS
from ratchet.labels.record_judgements import record_judgements
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.judgements import feedback_of, judged, judgement, said, send, weigh
from tests.support.observing import NOON, SECOND, Worker, reward_of
from tests.support.recount import check

STRICT = {"kind": "recorded", "version": "2", "family": "gpt", "agents": ["router*"]}


def test_a_judgement_is_stored_under_who_said_it_of_what_and_in_which_turn(store: Store) -> None:
    at = judged(store)
    taken = send(at, judgement(label="good", position="ba", repeat=3, confidence=0.75))
    assert (taken.accepted, taken.duplicate, taken.rejected) == (1, 0, ())
    ((key, found),) = said(store).items()
    assert key == "strict~1~router~s1~ba~3"
    assert (found["label"], found["score"], found["confidence"]) == ("good", 1.0, 0.75)
    assert found["recordedAt"] == at.clock()


@pytest.mark.parametrize(
    "wrap", [lambda j: j, lambda j: [j], lambda j: {"judgements": [j]}], ids=["one", "list", "map"]
)
def test_one_a_list_and_a_map_of_them_are_taken(
    embedded: SqliteStore, wrap: Callable[[Any], Any]
) -> None:
    at = judged(embedded)
    taken = record_judgements(embedded, at.reader, wrap(judgement()), now=NOON)
    assert taken.accepted == len(said(embedded)) == 1


def test_the_same_again_later_is_a_duplicate_and_changes_nothing(store: Store) -> None:
    at = judged(store)
    send(at, judgement(), judgement("b1.0"))
    before = store.query(Query(JUDGEMENTS))
    at.later()
    taken = send(at, judgement(), judgement("b1.0"), judgement("b1.1"), judgement("b1.1"))
    assert (taken.accepted, taken.duplicate) == (4, 3)
    after = store.query(Query(JUDGEMENTS))
    assert len(after) == 3
    assert [s for s in after if s.ref.id != "strict~1~router~b1.1~~0"] == before


def test_a_judge_that_says_otherwise_in_the_same_turn_is_refused_and_its_first_word_stands(
    embedded: SqliteStore,
) -> None:
    at = judged(embedded)
    send(at, judgement(score=1.0))
    taken = send(at, judgement(score=0.5), judgement(score=0.5, repeat=1))
    assert taken.accepted == 1
    (refused,) = taken.rejected
    assert (refused.index, refused.field) == (0, "judgeVersion")
    assert "the next repeat" in refused.reason
    assert [found["score"] for found in said(embedded).values()] == [1.0, 0.5]


def test_a_judge_that_says_otherwise_as_one_of_another_family_is_told_of_the_family(
    embedded: SqliteStore,
) -> None:
    at = judged(embedded)
    send(at, judgement(score=1.0))
    taken = send(at, judgement("b1.0"), judgement(score=0.5, family="gpt"))
    (refused,) = taken.rejected
    assert (refused.index, refused.field) == (1, "family")


def test_good_items_of_a_batch_are_stored_though_others_are_refused(embedded: SqliteStore) -> None:
    at = judged(embedded)
    taken = send(
        at,
        judgement(),
        judgement(score=None),
        judgement(score=1.5),
        judgement(score="1"),
        {k: v for k, v in judgement().items() if k != "family"},
        judgement(ts=millis(NOON) // 1000),
        judgement(mood="fine"),
        7,
    )
    assert taken.accepted == len(said(embedded)) == 1
    assert [(r.index, r.field) for r in taken.rejected] == [
        (1, "score"),
        (2, "score"),
        (3, "score"),
        (4, "family"),
        (5, "ts"),
        (6, "mood"),
        (7, "(whole)"),
    ]
    assert "seconds since 1970" in taken.rejected[4].reason


def test_nobody_speaks_for_a_judge_that_is_asked_from_here(embedded: SqliteStore) -> None:
    rules = {"rules": [{"at": "outcome", "equals": "failure", "label": "bad"}]}
    at = judged(embedded, judges={"style": {"kind": "rules", "family": "x", "settings": rules}})
    taken = send(at, judgement(judge="style", family="x"), judgement())
    assert [(r.index, r.field) for r in taken.rejected] == [(0, "judge")]
    assert "`ratchet judges run`" in taken.rejected[0].reason
    assert list(said(embedded)) == ["strict~1~router~s1~~0"]


def test_a_batch_of_which_nothing_is_good_is_refused_item_by_item(embedded: SqliteStore) -> None:
    at = judged(embedded)
    with pytest.raises(InvalidBatch) as raised:
        send(at, judgement(score=2.0), judgement(agent="-"))
    assert [r.field for r in raised.value.rejected] == ["score", "agent"]
    with pytest.raises(InvalidInput) as one:
        record_judgements(embedded, at.reader, judgement(score=2.0), now=NOON)
    assert one.value.field == "score"


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ([], "judgements"),
        ("x", "judgements"),
        ({"judgements": {}}, "judgements"),
        ({"judgements": [judgement()], "id": "x"}, "id"),
        ([judgement(str(i)) for i in range(501)], "judgements"),
    ],
    ids=["none", "text", "map", "unknown", "many"],
)
def test_what_is_no_list_of_judgements_is_refused(
    embedded: SqliteStore, payload: Any, field: str
) -> None:
    at = judged(embedded)
    with pytest.raises(InvalidInput) as raised:
        record_judgements(embedded, at.reader, payload, now=NOON)
    assert raised.value.field == field


def test_a_listed_judge_says_what_the_configuration_says_of_it(embedded: SqliteStore) -> None:
    at = judged(embedded, judges={"strict": STRICT})
    bare = {k: v for k, v in judgement().items() if k != "family"}
    assert send(at, bare, judgement("b1.0", family="gpt", judgeVersion="2")).accepted == 2
    assert {(d["judgeVersion"], d["family"]) for d in said(embedded).values()} == {("2", "gpt")}


@pytest.mark.parametrize(
    ("fields", "field", "mend"),
    [
        ({"judgeVersion": "3", "family": "gpt"}, "judgeVersion", "mend one of the two"),
        ({"family": "llama"}, "family", "mend one of the two"),
        ({"family": "gpt", "agent": "planner"}, "agent", "add planner to its agents"),
    ],
)
def test_a_listed_judge_of_another_version_family_or_agent_is_refused(
    embedded: SqliteStore, fields: dict[str, Any], field: str, mend: str
) -> None:
    at = judged(embedded, judges={"strict": STRICT})
    with pytest.raises(InvalidBatch) as raised:
        send(at, judgement(**fields))
    (refused,) = raised.value.rejected
    assert refused.field == field
    assert mend in refused.reason


def test_no_judge_judges_its_own_family(embedded: SqliteStore) -> None:
    at = judged(embedded, families={"router*": "gpt", "router:llama": "llama"})
    taken = send(
        at,
        judgement(agent="router:gpt-5", family="gpt"),
        judgement(agent="router:llama", family="gpt"),
        judgement(agent="planner", family="gpt"),
    )
    (refused,) = taken.rejected
    assert (refused.index, refused.field, taken.accepted) == (0, "family", 2)


def test_a_judgement_that_was_spoilt_by_hand_keeps_no_other_from_being_taken(
    embedded: SqliteStore,
) -> None:
    at = judged(embedded)
    send(at, judgement())
    embedded.set(Ref(JUDGEMENTS, "strict~1~router~s1~~0"), {"score": 1.0, "junk": True})
    assert send(at, judgement(), judgement("b1.0")).accepted == 2


def life(store: Store, die_at: int | None, when: Literal["before", "after"]) -> FaultyStore:
    """Send three judgements through a store that dies, and once more after that."""
    at = judged(store)
    weigh(store, strict=0.8, kind=0.2)
    faulty = FaultyStore(store, die_at, when)
    items = [judgement(), judgement("b1.0", 0.5), judgement(score=0.0, judge="kind")]
    try:
        send(Worker(faulty, at.clock), *items)
    except Died:
        assert die_at is not None
    again = Worker(store, at.clock)
    again.later(SECOND)
    assert send(again, *items).accepted == 3
    again.later()
    again.fold()
    return faulty


def test_a_death_at_any_call_loses_and_doubles_nothing_once_it_is_sent_again() -> None:
    with_none = SqliteStore()
    calls = life(with_none, None, "before").calls
    with_none.close()
    assert calls >= 8
    turns: list[tuple[int, Literal["before", "after"]]] = [
        (n, when) for n in range(1, calls + 1) for when in ("before", "after")
    ]
    for n, when in turns:
        store = SqliteStore()
        life(store, n, when)
        assert len(said(store)) == 3
        assert [reward_of(store, s)["quality"] for s in ("s1", "b1.0")] == [0.8, 0.5]
        found = feedback_of(store)
        assert found is not None
        assert [w.judge for w in found.judges or ()] == ["kind", "strict"]
        check(store)
        store.close()
