"""What recording a run answers, stores once, and refuses."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from ratchet.kernel.clock import DAY, millis
from ratchet.kernel.errors import Conflict, InvalidBatch, InvalidInput, Refused, TooLarge
from ratchet.runs import record
from ratchet.runs.read import show_run
from ratchet.runs.record import record_runs
from ratchet.store.counting import Bill, CountingStore
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import KEYS, NOON, Worker, ids, worker
from tests.support.told import a_run, run_of, tell


@pytest.fixture
def at(embedded: SqliteStore) -> Worker:
    """A worker on the embedded store."""
    return worker(embedded)


def test_a_new_run_is_one_write_and_its_loss_is_told_at_once(at: Worker) -> None:
    counting = CountingStore(at.store)
    teller = Worker(counting, at.clock)
    tell(teller, a_run("first"))
    before = counting.bill
    found = tell(teller, a_run())
    assert counting.bill - before == Bill(writes=1)
    # 0.25 x 0.5 + 0.15 x 0.2, over the 0.4 that the two terms weigh.
    assert found.loss.loss == pytest.approx(0.3875)
    assert (found.run_id, found.revision, found.duplicate) == ("r1", 1, False)


def test_the_answer_says_what_no_term_reads_and_what_observations_may_still_tell(
    at: Worker,
) -> None:
    told = a_run(metrics={"steps": 12, "grounding": 1}, budget={"maxCostUsd": 2})
    found = tell(at, told)
    assert found.unread == ("steps",)
    assert found.awaits == ("costOverBudget",)
    assert "latencyP95" in found.loss.missing
    assert tell(at, a_run("r2", costUsd=1.0, budget={"maxCostUsd": 2})).awaits == ()


def test_what_is_known_without_its_budget_and_a_check_that_no_term_reads_are_named(
    at: Worker,
) -> None:
    checks = [
        {"check": "facts", "passed": True},
        {"check": "links", "passed": True, "grounding": 1},
    ]
    found = tell(at, a_run(costUsd=1.0, metrics={"latencyP95Ms": 80}, qav=checks))
    wanted = {"costOverBudget": "budget.maxCostUsd", "latencyP95": "budget.maxDurationMs"}
    assert (found.wants, found.awaits, found.unread) == (wanted, (), ("qav.facts",))
    budget = {"maxCostUsd": 2.0, "maxDurationMs": 100}
    assert tell(at, a_run("r2", costUsd=1.0, durationMs=80, budget=budget)).wants == {}
    assert tell(at, a_run("r3")).wants == {}


def test_a_telling_that_does_not_count_names_the_one_that_does(at: Worker) -> None:
    newest = tell(at, a_run(revision=3))
    assert (newest.counts, newest.counts_loss) == (3, newest.loss.loss)
    older = tell(at, a_run(revision=2, gates={"tests": "passed"}))
    assert older.loss.loss == pytest.approx(0.075)
    for found in (older, tell(at, a_run(revision=2, gates={"tests": "passed"}))):
        assert (found.revision, found.counts, found.counts_loss) == (2, 3, newest.loss.loss)


@pytest.mark.parametrize("field", ["tenant", "component"])
@pytest.mark.parametrize("numbered", [{}, {"revision": 1}, {"revision": 2}])
def test_a_run_keeps_its_tenant_and_its_component(
    at: Worker, field: str, numbered: dict[str, int]
) -> None:
    tell(at, a_run(revision=1))
    with pytest.raises(Conflict, match=f"known of another {field}") as caught:
        tell(at, a_run() | {field: "other"} | numbered)
    assert (caught.value.field, "another runId" in caught.value.mend) == (field, True)
    assert len(run_of(at.store).revisions) == 1


def test_a_run_sent_again_is_known_in_whichever_order_its_fields_come(store: Store) -> None:
    at = worker(store)
    first = tell(at, a_run(costUsd=1, unit="user-1"))
    turned = dict(reversed(a_run(costUsd=1.0, unit="user-1", tenant="default").items()))
    at.later(DAY)
    again = tell(at, turned)
    assert again == first.model_copy(update={"duplicate": True})
    assert run_of(store).changed_at == NOON


def test_a_changed_telling_is_the_next_revision_and_the_old_one_is_kept(store: Store) -> None:
    at = worker(store)
    tell(at, a_run())
    at.later()
    changed = tell(at, a_run(gates={"tests": "passed"}))
    assert (changed.revision, changed.duplicate) == (2, False)
    assert changed.loss.loss == pytest.approx(0.075)  # 0.15 x 0.2 / 0.4
    shown = show_run(store, "r1", revisions=True)
    assert [told.number for told in shown.run.revisions] == [1, 2]
    (other,) = shown.others
    assert other.number == 1
    assert other.loss.loss == pytest.approx(0.3875)
    back = tell(at, a_run())
    assert (back.revision, back.duplicate, back.loss) == (1, True, other.loss)
    assert run_of(store).revision == 2


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_numbered_revisions_come_to_the_same_in_any_order(
    at: Worker, order: tuple[int, ...]
) -> None:
    tellings = {n: a_run(revision=n, metrics={"contradictions": n}) for n in (1, 2, 3)}
    for number in (*order, *order):
        found = tell(at, tellings[number])
        assert (found.revision, found.loss.terms["contradictions"].value) == (number, number)
        at.later()
    run = run_of(at.store)
    assert (run.revision, run.report.metrics["contradictions"]) == (3, 3)
    assert [told.number for told in run.revisions] == [1, 2, 3]
    assert ids(at.store, "ops_run_revisions") == ["r1~1", "r1~2"]


def test_a_number_of_other_content_is_a_conflict(at: Worker) -> None:
    tell(at, a_run(revision=2))
    with pytest.raises(Conflict, match="revision 2 of run r1") as caught:
        tell(at, a_run(revision=2, costUsd=1.0))
    assert (caught.value.field, bool(caught.value.mend)) == ("revision", True)


def test_a_run_may_go_back_to_an_earlier_content_by_a_number(at: Worker) -> None:
    tell(at, a_run())
    tell(at, a_run(costUsd=1.0))
    found = tell(at, a_run(revision=3))
    assert (found.revision, found.duplicate) == (3, False)
    assert run_of(at.store).report.cost_usd is None


def test_too_many_revisions_are_refused(at: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MAX_REVISIONS", 2)
    for cost in (1.0, 2.0):
        tell(at, a_run(costUsd=cost))
    with pytest.raises(Refused, match="has 2 revisions"):
        tell(at, a_run(costUsd=3.0))
    assert tell(at, a_run(costUsd=2.0)).duplicate


def test_the_unit_is_stored_as_a_pseudonym(at: Worker) -> None:
    tell(at, a_run(unit="ada@example.org"))
    (stored,) = at.store.query(Query("ops_runs"))
    assert "ada" not in str(stored.data)
    assert len(stored.data["report"]["unit"]) == 32


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"metrics": {"grounding": 1.2}}, "metrics.grounding", "1.2 is not between 0 and 1"),
        ({"metrics": {"contradictions": -1}}, "metrics.contradictions", "-1 is not between"),
        ({"metrics": {"latencyP95Ms": -1}}, "metrics.latencyP95Ms", "-1 is not between"),
        ({"metrics": {"steps": "3"}}, "metrics.steps", "number"),
        ({"gates": {"tests": "green"}}, "gates.tests", "'passed', 'failed' or 'skipped'"),
        ({"budget": {"maxCostUsd": -1}}, "budget.maxCostUsd", "greater than or equal to 0"),
        ({"qav": [{"check": "a", "passed": True, "grounding": 2}]}, "qav.0.grounding", "less than"),
        ({"models": ["gpt 5"]}, "models.0", "letters, digits"),
        ({"durationMS": 3}, "durationMS", "did you mean durationMs?"),
        ({"rolloutArm": "control"}, "rolloutId", "come together"),
        ({"exposedAt": millis(NOON + DAY)}, "exposedAt", "more than 10 minutes after ts"),
        ({"ts": millis(NOON + timedelta(minutes=11))}, "ts", "ahead of the clock"),
        ({"ts": millis(NOON - 181 * DAY)}, "ts", "older than the retention of 180 days"),
        ({"ts": millis(NOON) // 1000}, "ts", "looks like seconds"),
        ({"revision": 0}, "revision", "whole number of 1 to 1000000"),
        ({"revision": 1_000_001}, "revision", "whole number of 1 to 1000000"),
        ({"revision": "2"}, "revision", "whole number of 1 to 1000000"),
    ],
)
def test_what_is_wrong_is_named_with_its_mend(
    at: Worker, fields: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        tell(at, a_run(**fields))
    assert caught.value.field == field
    assert reason in caught.value.message
    assert caught.value.mend
    assert ids(at.store, "ops_runs") == []


def test_a_run_that_is_too_large_is_refused(at: Worker) -> None:
    traces = [f"{i}" * 1000 for i in range(9)] * 5
    gates = {f"{'g' * 100}{i}": "passed" for i in range(100)}
    checks = [{"check": f"{'c' * 110}{i}", "passed": True} for i in range(100)]
    with pytest.raises(TooLarge, match="at most 60000"):
        tell(at, a_run(traces=traces, gates=gates, qav=checks))


def test_good_runs_of_a_batch_are_stored_and_the_others_returned(at: Worker) -> None:
    tell(at, a_run("taken", revision=1))
    batch = [
        a_run("a"),
        a_run("b", metrics={"grounding": 2}),
        a_run("taken", revision=1, costUsd=2.0),
        "c",
        a_run("d"),
    ]
    for again in (False, True):
        found = record_runs(at.store, KEYS, {"runs": batch}, reader=at.reader, now=at.clock())
        assert [(r.run_id, r.duplicate) for r in found.runs] == [("a", again), ("d", again)]
        named = [(r.index, r.field) for r in found.rejected]
        assert named == [(1, "metrics.grounding"), (2, "revision"), (3, "(whole)")]
        assert found.rejected[0].reason == "2 is not between 0 and 1"


def test_one_run_and_a_plain_list_are_taken_too(at: Worker) -> None:
    for payload, taken in ((a_run("a"), ["a"]), ([a_run("a"), a_run("b")], ["a", "b"])):
        found = record_runs(at.store, KEYS, payload, reader=at.reader, now=at.clock())
        assert [r.run_id for r in found.runs] == taken


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"runs": []}, "runs"),
        ({"runs": [{}] * 101}, "runs"),
        ({"runs": {}}, "runs"),
        ({"runs": [{}], "id": "b1"}, "id"),
        ("runs", "runs"),
    ],
)
def test_what_is_no_batch_is_refused(at: Worker, payload: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        record_runs(at.store, KEYS, payload, reader=at.reader, now=at.clock())
    assert (caught.value.field, bool(caught.value.mend)) == (field, True)


def test_a_batch_without_a_good_run_is_refused_run_by_run(at: Worker) -> None:
    batch = {"runs": [a_run("a", when=NOON + DAY), {"runId": "b"}]}
    with pytest.raises(InvalidBatch) as caught:
        record_runs(at.store, KEYS, batch, reader=at.reader, now=at.clock())
    assert [r.field for r in caught.value.rejected] == ["ts", "ts"]
