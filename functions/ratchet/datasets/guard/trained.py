"""Trained: which examples of a version's training split equal or nearly equal guarded ones."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from ratchet.datasets.dedupe.near import signature_of
from ratchet.datasets.dedupe.normal import normal_hash, normal_text
from ratchet.datasets.guard.guarded_set import GuardedSet, Probe
from ratchet.datasets.settings import DatasetSettings
from ratchet.datasets.versions.load import Item, examples_of
from ratchet.datasets.versions.version import DatasetVersion
from ratchet.store.blobs import Blobs

PAGE = 1000  # whose words are in memory at once
NEAR = DatasetSettings().near_duplicate


def trained_on(
    blobs: Blobs, version: DatasetVersion, guarded: GuardedSet, own: Mapping[str, str]
) -> Iterator[str]:
    """Yield the ids of what a version trains on and is among guarded examples, or near one.

    `own` are the normal forms of the guarded ones by id. Raises: NotFound, NotWhole.
    """
    items = examples_of(blobs, version, "train")
    while page := list(islice(items, PAGE)):
        texts = {item.entry.id: normal_text(item.content) for item in page}
        met = guarded.met(_probes(page, texts), texts.__getitem__, own.__getitem__, NEAR)
        yield from sorted(met)


def _probes(page: Sequence[Item], texts: Mapping[str, str]) -> list[Probe]:
    return [
        Probe(item.entry.id, normal_hash(item.content), signature_of(texts[item.entry.id]))
        for item in page
    ]
