"""A fill that dies after any call of the store, and is run again, leaves the same queue."""

from collections.abc import Iterator

import pytest

from ratchet.kernel.errors import Conflict
from ratchet.labels.review_item import REVIEW_QUEUE
from ratchet.labels.select.fill import fill_review_queue
from ratchet.labels.select.progress import keep_draw, read_progress
from ratchet.store.port import Query, Ref, Snapshot, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.judgements import judgement, send, weigh
from tests.support.observing import SECOND, Worker, alerts, observation
from tests.support.selecting import SOON, asking, draws, fill, numbered, questions, queue

pytestmark = pytest.mark.slow


def world(store: SqliteStore) -> Worker:
    """Return a worker with candidates of two agents, some of them unsure, some of them copies."""
    at = asking(store, nightly=4)
    questions(at, "b1", *(f"Who wrote book {i // 2}?" for i in range(9)), confidence=0.4)
    numbered(at, "b2", 6, component="planner", confidence=0.9)
    at.later(SOON)
    return at


@pytest.mark.parametrize("when", ["before", "after"])
def test_death_at_any_call_and_again_is_the_same_queue(when: str) -> None:
    clean = FaultyStore(SqliteStore())
    at = world(clean.inner)  # type: ignore[arg-type]  # it was made just now
    fill_review_queue(clean, at.reader, now=at.clock())
    expected, made, calls = queue(clean.inner), draws(clean.inner), clean.calls
    assert len(expected) == 8
    assert calls > 15
    for die_at in range(1, calls + 1):
        store = SqliteStore()
        at = world(store)
        dying = FaultyStore(store, die_at, "before" if when == "before" else "after")
        with pytest.raises(Died):
            fill_review_queue(dying, at.reader, now=at.clock())
        fill_review_queue(store, at.reader, now=at.clock())
        assert queue(store) == expected
        assert draws(store) == made
        fill_review_queue(store, at.reader, now=at.clock())
        assert queue(store) == expected
        store.close()
    clean.close()


def test_a_draw_that_never_reached_the_queue_does_so_with_the_next(embedded: SqliteStore) -> None:
    at = world(embedded)
    fill(at)
    for item in queue(embedded).values():
        embedded.delete(Ref(item.collection, item.key()))
    for draw in draws(embedded):
        lost = draw.model_copy(update={"enqueued": False})
        embedded.set(Ref(draw.collection, draw.key()), lost.to_map())
    report = fill(at, agent="router", top=1)
    assert [one.added for one in report.agents[:2]] == [4, 4]
    assert all(draw.enqueued for draw in draws(embedded))


def test_two_draws_at_one_moment_do_not_share_candidates(embedded: SqliteStore) -> None:
    at = world(embedded)
    before = read_progress(embedded)
    fill(at, top=2)
    stored = draws(embedded)[0]
    late = stored.model_copy(update={"name": "at1"})
    with pytest.raises(Conflict):
        keep_draw(embedded, late, before)
    assert keep_draw(embedded, stored, before) == stored


class Overtaken(FaultyStore):
    """A store on which another fill happens while the first reads what was asked."""

    def __init__(self, at: Worker) -> None:
        super().__init__(at.store)
        self._at: Worker | None = at

    def stream(self, query: Query) -> Iterator[Snapshot]:
        at, self._at = self._at, self._at if query.collection != REVIEW_QUEUE else None
        if at is not None and self._at is None:
            fill_review_queue(at.store, at.reader, now=at.clock() + SECOND, agent="router", top=1)
        yield from super().stream(query)


def test_an_agent_whose_candidates_were_taken_meanwhile_is_told_and_stops_no_other(
    embedded: SqliteStore,
) -> None:
    at = world(embedded)
    report = fill_review_queue(Overtaken(at), at.reader, now=at.clock(), top=2)
    assert (report.failed, [one.agent for one in report.agents]) == (("router",), ["planner"])
    assert alerts(embedded) == ["selection-failed"]
    assert sorted(item.agent for item in queue(embedded).values()) == ["planner"] * 2 + ["router"]


def test_a_subject_that_no_observation_can_be_is_asked_about(store: Store) -> None:
    at = asking(store, nightly=2)
    weigh(store, strict=0.5)
    send(at, judgement("prompts/7"), judgement("s9"))
    assert fill(at).added == 2
    assert set(queue(store)) == {"prompts/7", "s9"}


@pytest.mark.parametrize("broken", [{"items": "gone"}, {"weight": "x"}, {"confidence": "low"}])
def test_an_observation_that_was_broken_by_hand_is_told_and_stops_no_other(
    embedded: SqliteStore, broken: dict[str, object]
) -> None:
    at = asking(embedded, nightly=2)
    at.record({"id": "o1"} | observation())
    at.record({"id": "o2"} | observation())
    found = embedded.get(Ref("ops_observations", "o1"))
    assert found is not None
    embedded.set(found.ref, found.data | broken)
    report = fill(at)
    assert (report.added, report.spoiled, report.failed) == (1, 1, ())
    (told,) = embedded.query(Query("ops_alerts"))
    assert "ops_observations/o1" in told.data["text"]


def test_an_item_that_was_broken_by_hand_stops_no_draw(embedded: SqliteStore) -> None:
    at = world(embedded)
    fill(at)
    embedded.set(Ref(REVIEW_QUEUE, "x"), {"agent": "router", "kind": "label"})
    assert fill(at, agent="router", top=1).added == 1
