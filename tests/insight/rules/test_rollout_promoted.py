"""Rollout promoted: what passed its rollout is told, what a person activates is not."""

from ratchet.rollouts.override import override_rollout
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.carried import LOOK
from tests.support.governed import ADA, KEYS, POLICY, lineage_of
from tests.support.turns import asked, evaluate, good, reader, ready, said_yes
from tests.support.watching import alert_of, alerts, look


def test_an_activation_out_of_a_rollout_is_told(store: Store) -> None:
    good(store)
    evaluate(store)
    look(store, LOOK)
    told = alert_of(store, "rollout-promoted")
    rollout = f"{POLICY}-r4"
    assert (told.subject, told.severity) == (rollout, "info")
    assert told.text == f"{rollout} is promoted: {POLICY}@1.0.1 is active"
    assert told.command == f"ratchet rollout show {rollout}"
    assert told.evidence["stream"] == POLICY


def test_one_that_a_person_approved_is_told(embedded: SqliteStore) -> None:
    asked(embedded)
    said_yes(embedded)
    look(embedded, LOOK)
    assert alert_of(embedded, "rollout-promoted").subject == f"{POLICY}-r4"


def test_one_that_a_person_overrode_says_who_and_why(embedded: SqliteStore) -> None:
    it = ready(embedded)
    override_rollout(
        embedded, KEYS, reader(embedded), ADA, it.id, "PROMOTE", reason="it is urgent", now=LOOK
    )
    look(embedded, LOOK)
    assert alert_of(embedded, "rollout-promoted").text.endswith(", by ada: it is urgent")


def test_an_activation_without_a_rollout_is_a_persons_own(embedded: SqliteStore) -> None:
    lineage_of(embedded, 2)
    look(embedded, LOOK)
    assert [a.what for a in alerts(embedded) if a.what == "rollout-promoted"] == []
