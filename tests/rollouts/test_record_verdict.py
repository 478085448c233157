"""Recording a verdict: sealed, once, of the rollout that was judged, told to whom it concerns."""

from ratchet.kernel.clock import HOUR
from ratchet.kernel.seal import is_sealed
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.hold import hold_rollout
from ratchet.rollouts.record_verdict import record_verdict
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.verdict import VERDICTS, Verdict
from ratchet.rollouts.verdicts import verdict_key
from ratchet.store.counting import CountingStore
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.carried import JUDGE, LOOK, carried, decided, verdicts
from tests.support.governed import ADA, KEYS, NOON, alerts, entries, head_of
from tests.support.turns import ready


def record(store: Store, rollout: Rollout, decision: str) -> Verdict | None:
    judged, key = decided(rollout, decision), verdict_key(rollout.id, LOOK)
    return record_verdict(store, KEYS, JUDGE, rollout, judged, None, verdict_id=key, now=LOOK)


def test_a_verdict_is_sealed_with_all_that_was_judged_and_done(embedded: Store) -> None:
    rollout = ready(embedded)
    verdict = carried(embedded, rollout, "ROLL_BACK")
    found = embedded.get(Ref(VERDICTS, verdict.id))
    assert found is not None
    assert is_sealed(KEYS, Verdict, verdict.id, found.data)
    assert verdict.judged == decided(rollout, "ROLL_BACK")
    assert (verdict.by, verdict.at, verdict.policy) == (JUDGE.name, LOOK, rollout.policy)
    assert entries(embedded)[-1].evidence == {
        "verdict": verdict.id,
        "rollout": rollout.id,
        "data": "the hash of the sums",
    }


def test_the_first_of_an_hour_stays(embedded: Store) -> None:
    rollout = ready(embedded)
    first = record(embedded, rollout, "HOLD")
    assert record(embedded, rollout, "ROLL_BACK") == first
    assert verdicts(embedded) == [first]
    assert head_of(embedded).rollout == rollout.id


def test_a_rollout_that_changed_since_it_was_judged_is_judged_again(embedded: Store) -> None:
    rollout = ready(embedded)
    hold_rollout(embedded, KEYS, ADA, rollout.id, reason="wait", now=NOON)
    assert record(embedded, rollout, "ROLL_BACK") is None
    assert verdicts(embedded) == []
    again = record(embedded, get_rollout(embedded, rollout.id), "ROLL_BACK")
    assert again is not None
    assert again.effect == "rolled_back"


def test_an_alert_says_what_was_done_and_why(embedded: Store) -> None:
    rollout = ready(embedded)
    verdict = carried(embedded, rollout, "ROLL_BACK", now=LOOK + HOUR)
    (about,) = alerts(embedded)
    assert (about.what, about.severity) == ("rollout-rolled-back", "critical")
    assert about.text == f"{rollout.id}: ROLL_BACK, router-core@1.0.0 has everything again"
    assert about.command == f"ratchet rollout show {rollout.id}"
    assert about.evidence == {"verdict": verdict.id, "reasons": ["the test says ROLL_BACK"]}


def test_a_hold_costs_one_write() -> None:
    store = CountingStore(SqliteStore())
    rollout = ready(store)
    before = store.bill.writes
    carried(store, rollout, "HOLD")
    assert store.bill.writes == before + 1
