"""The feed of approvals: what a person decided of a version is a label of it."""

import pytest

from ratchet.store.sqlite import SqliteStore
from tests.support.labelled import MINUTE, approval, labels_in, loaded, put_approvals
from tests.support.observing import NOON, worker


def test_a_decision_is_a_label_of_the_version_by_who_decided(embedded: SqliteStore) -> None:
    put_approvals(embedded, [approval(1, decided_at=NOON + MINUTE, decided_by="a" * 200)])
    loaded(worker(embedded), feed="approvals")
    (found,) = labels_in(embedded).values()
    assert (found.agent, found.subject, found.source_id) == ("p", "p@1.0.1", "p-a1")
    assert (found.label, found.value, found.confidence) == ("good", 1.0, 100.0)
    assert (found.labeller, found.ts) == ("a" * 120, NOON + MINUTE)
    assert found.features_ref == "ops_policies/p@1.0.1"


@pytest.mark.parametrize("state", ["pending", "void", "expired"])
def test_what_nobody_decided_is_no_label(embedded: SqliteStore, state: str) -> None:
    put_approvals(embedded, [approval(1, state)])
    loaded(worker(embedded), feed="approvals")
    assert labels_in(embedded) == {}
