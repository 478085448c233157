"""Export a golden set: what it asks, by the ids under which the answers are scored."""

import json
from collections.abc import Iterator

from ratchet.kernel.canonical import canonical
from ratchet.kernel.keys import Keys
from ratchet.rollouts.golden.read import entries_of, get_golden
from ratchet.store.blobs import Blobs
from ratchet.store.port import Store


def golden_lines(store: Store, blobs: Blobs, keys: Keys, name: str) -> Iterator[str]:
    """Yield the examples of a set as JSON lines of `id` and its redacted words, in order of id.

    Raises: NotFound, BadSignature, NotWhole.
    """
    for entry in entries_of(blobs, get_golden(store, keys, name)):
        words = json.loads(blobs.get(entry.content))
        yield canonical({"id": entry.id} | words).decode() + "\n"
