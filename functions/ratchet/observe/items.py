"""The observations of a stored document by their ids, which somebody may have edited by hand."""

from collections.abc import Mapping
from typing import Any

from ratchet.kernel.errors import InvalidInput
from ratchet.observe.observation import item_ids, items_of
from ratchet.store.port import Snapshot


def items_by_id(stored: Snapshot) -> dict[str, Mapping[str, Any]]:
    """Return the observations of a document: itself, or the items of a batch.

    Raises: InvalidInput for a batch that is none.
    """
    items, indexes = stored.data.get("items"), stored.data.get("indexes")
    if items is not None:
        maps = isinstance(items, list) and all(isinstance(item, Mapping) for item in items)
        if not maps or (indexes and not (isinstance(indexes, list) and len(indexes) == len(items))):
            raise InvalidInput(
                "its items are no batch of observations",
                field="items",
                mend="restore the document from a backup, or delete it",
            )
    return dict(zip(item_ids(stored.ref.id, stored.data), items_of(stored.data), strict=True))
