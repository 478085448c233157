"""Which rollouts are found, and what is said of those that are not."""

import pytest

from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.observe.watch import ROLLOUTS
from ratchet.rollouts.history import get_rollout, list_rollouts
from ratchet.store.port import Ref, Store
from tests.support.governed import POLICY
from tests.support.trials import begin, finish, ready


def test_a_rollout_is_found_by_its_id_and_by_its_policy(store: Store) -> None:
    ready(store)
    assert list_rollouts(store, POLICY) == []
    started = begin(store)
    assert get_rollout(store, started.id) == started
    assert list_rollouts(store, POLICY) == list_rollouts(store) == [started]


@pytest.mark.parametrize("name", ["other", "a/b", "config", ""])
def test_a_policy_that_does_not_exist_is_named(store: Store, name: str) -> None:
    ready(store)
    with pytest.raises(NotFound, match=f"policy {name} does not exist") as caught:
        list_rollouts(store, name)
    assert (caught.value.field, caught.value.mend) == ("policy", "ratchet policy list")


def test_a_document_that_does_not_parse_is_named_with_what_ends_it(embedded: Store) -> None:
    embedded.set(Ref(ROLLOUTS, "router-core-r9"), {"v": 1, "policy": "router-core"})
    for asked in (lambda: list_rollouts(embedded), lambda: get_rollout(embedded, "router-core-r9")):
        with pytest.raises(InvalidInput, match="ops_rollouts/router-core-r9") as caught:
            asked()
        assert caught.value.mend == "ratchet rollout abort router-core-r9 --reason ..."


def test_a_document_that_was_broken_and_aborted_spoils_no_list(embedded: Store) -> None:
    ready(embedded)
    broken = begin(embedded)
    embedded.set(Ref(ROLLOUTS, broken.id), {"v": 1, "policy": POLICY})
    finish(embedded, broken.id)
    later = begin(embedded)
    assert list_rollouts(embedded, POLICY) == list_rollouts(embedded) == [later]
