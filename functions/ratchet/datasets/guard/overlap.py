"""Overlap: what equals, or nearly equals, an example of a golden set or of another's test split.

Measuring a set takes all of its words, so what was measured is kept in a blob. Where that is gone,
of other code or not what was sealed it is measured again: the sets themselves are what counts, and
one that cannot be read stops the build.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ratchet.datasets.dedupe import DEDUPE
from ratchet.datasets.dedupe.normal import normal_text
from ratchet.datasets.example import Content
from ratchet.datasets.guard.guarded_set import GuardedSet, Overlap, Probe
from ratchet.datasets.versions.load import examples_of, load_version
from ratchet.datasets.versions.version import (
    DatasetHead,
    DatasetVersion,
    dataset_key,
    dataset_stream,
)
from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.errors import NotFound, NotWhole
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import Sealed, is_sealed, sealed
from ratchet.rollouts.golden.golden_set import GoldenSet, golden_stream
from ratchet.rollouts.golden.read import entries_of, golden_sets
from ratchet.store.blobs import Blobs
from ratchet.store.port import Query, Ref, Store

TextOf = Callable[[str], str]
Examples = Iterable[tuple[str, str, Content]]


class MeasuredSet(Sealed):
    """`ops_checkpoints/guarded~{name}`: the blob of a guarded set, and what it was measured of."""

    collection: ClassVar[str] = CHECKPOINTS

    name: str
    of: str
    dedupe: str
    blob: str

    def key(self) -> str:
        """Return the name, beside other checkpoints."""
        return join_key("guarded", self.name)


@dataclass(frozen=True)
class Guarded:
    """All that a dataset may not hold: golden sets, and the test splits of others.

    Each set comes with what gives the normal form of its own words by id.
    """

    golden: tuple[tuple[GuardedSet, TextOf], ...] = ()
    tests: tuple[tuple[GuardedSet, TextOf], ...] = ()

    def overlaps(
        self, probes: Sequence[Probe], text_of: TextOf, threshold: float
    ) -> dict[str, Overlap]:
        """Return of each example that overlaps with what; golden sets come first.

        `text_of` gives the normal form of a probe's words; it is asked where a near one is met.
        """
        found: dict[str, Overlap] = {}
        kinds: tuple[tuple[Overlap, tuple[tuple[GuardedSet, TextOf], ...]], ...] = (
            ("golden-overlap", self.golden),
            ("test-overlap", self.tests),
        )
        for reason, sets in kinds:
            for guarded, own_text_of in sets:
                rest = [probe for probe in probes if probe.id not in found]
                met = guarded.met(rest, text_of, own_text_of, threshold)
                found |= dict.fromkeys(met, reason)
        return found


def guarded_of(store: Store, blobs: Blobs, keys: Keys, dataset: str) -> Guarded:
    """Return what a dataset may not hold, by every golden set and every other's latest version.

    Raises: BadSignature, NotFound, NotWhole where a set cannot be read whole.
    """
    golden = [_golden(store, blobs, keys, one) for one in golden_sets(store, keys)]
    others = _latest_others(store, keys, dataset)
    return Guarded(tuple(golden), tuple(_test_split(store, blobs, keys, one) for one in others))


def _golden(store: Store, blobs: Blobs, keys: Keys, golden: GoldenSet) -> tuple[GuardedSet, TextOf]:
    def examples() -> Examples:
        for entry in entries_of(blobs, golden):
            yield entry.id, entry.content, _content(blobs, entry.content)

    guarded = _kept(store, blobs, keys, golden_stream(golden.name), golden.entries, examples)
    return guarded, lambda name: normal_text(_content(blobs, guarded.contents[name]))


def _test_split(
    store: Store, blobs: Blobs, keys: Keys, version: DatasetVersion
) -> tuple[GuardedSet, TextOf]:
    def examples() -> Examples:
        for entry, content in examples_of(blobs, version, "test"):
            yield entry.id, entry.content, content

    guarded = _kept(store, blobs, keys, dataset_stream(version.dataset), version.hash, examples)

    def text_of(name: str) -> str:
        try:
            return normal_text(_content(blobs, guarded.contents[name]))
        except NotFound:  # silver has let go of it; the version has not
            return next(normal_text(words) for known, _, words in examples() if known == name)

    return guarded, text_of


def _kept(
    store: Store, blobs: Blobs, keys: Keys, name: str, of: str, examples: Callable[[], Examples]
) -> GuardedSet:
    """Return what was measured of a set before, else measure and keep it."""
    made = MeasuredSet(name=name, of=of, dedupe=DEDUPE, blob="")
    found = store.get(Ref(CHECKPOINTS, made.key()))
    if found is not None and is_sealed(keys, MeasuredSet, made.key(), found.data):
        known = MeasuredSet.from_store(found.data)
        if (known.of, known.dedupe) == (of, DEDUPE):
            try:
                return GuardedSet.from_bytes(blobs.get(known.blob))
            except (NotFound, NotWhole):
                pass  # it is measured again
    guarded = GuardedSet.of(examples())
    kept = sealed(keys, made.model_copy(update={"blob": blobs.put(guarded.to_bytes())}))
    store.set(Ref(CHECKPOINTS, kept.key()), kept.to_map())
    return guarded


def _content(blobs: Blobs, address: str) -> Content:
    return Content.model_validate_json(blobs.get(address))


def _latest_others(store: Store, keys: Keys, dataset: str) -> Iterator[DatasetVersion]:
    """Yield the latest version of every other dataset."""
    prefix = dataset_stream("")
    for found in store.stream(Query(DatasetHead.collection, start_after=(prefix,))):
        if not found.ref.id.startswith(prefix):
            return
        head = DatasetHead.from_store(found.data)
        if head.latest is not None and head.id != dataset_stream(dataset):
            name = head.id.removeprefix(prefix)
            yield load_version(store, keys, dataset_key(name, head.latest))
