"""The observations of a document, whatever somebody did to it by hand."""

from typing import Any

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.observe.items import items_by_id
from ratchet.store.port import Ref, Snapshot


def stored(**data: Any) -> Snapshot:
    return Snapshot(Ref("ops_observations", "b1"), data, None)


def test_the_observations_of_a_document_are_found_by_their_ids() -> None:
    assert items_by_id(stored(component="a")) == {"b1": {"component": "a"}}
    assert items_by_id(stored(items=[{"n": 0}, {"n": 1}])) == {"b1.0": {"n": 0}, "b1.1": {"n": 1}}
    assert items_by_id(stored(items=[{"n": 7}], indexes=[7])) == {"b1.7": {"n": 7}}


@pytest.mark.parametrize(
    "data",
    [
        {"items": "text"},
        {"items": 3},
        {"items": ["text"]},
        {"items": [{}], "indexes": [0, 1]},
        {"items": [{}], "indexes": 5},
    ],
)
def test_a_batch_that_was_broken_by_hand_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as raised:
        items_by_id(stored(**data))
    assert raised.value.field == "items"
