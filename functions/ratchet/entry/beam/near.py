"""Near duplicates, judged by workers: who shares keys of bands, then the exact Jaccard of pairs.

Texts that are equal in their normal form are one here. What the workers leave out, the builder
judges itself when it gets there: a verdict hangs on two texts alone.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from ratchet.datasets.dedupe.pairs import shelf_pairs
from ratchet.datasets.dedupe.shingles import verifier
from ratchet.datasets.dedupe.signature import SHARED
from ratchet.datasets.versions.words import normal_words
from ratchet.entry.beam.reach import Reach
from ratchet.entry.beam.steps import Row, Step
from ratchet.kernel.canonical import canonical
from ratchet.kernel.errors import NotFound, NotWhole

Text = tuple[str, str]  # the hash of a normal form, and a blob of such words
Pair = tuple[Text, Text]
KEY_BYTES = 8
PREFIX = 2  # of the hash by which verdicts share a blob


def judge_texts(texts: Any, reach: Reach, near: float) -> Any:
    """Add to a pipeline what judges the pairs of texts; gives rows for the builder."""
    return (
        texts
        | "each text once" >> beam.CombinePerKey(min)
        | "keys of bands" >> beam.FlatMap(_keyed)
        | "shelves" >> beam.GroupByKey()
        | "pairs" >> beam.FlatMap(_pairs)
        | "keys they share" >> beam.CombinePerKey(sum)
        | "those that share enough" >> beam.Filter(lambda counted: counted[1] >= SHARED)
        | "by the first" >> beam.Map(lambda counted: counted[0])
        | "others of one" >> beam.GroupByKey()
        | "judge" >> beam.ParDo(Judge(reach, near))
        | "by prefix" >> beam.GroupByKey()
        | "keep verdicts" >> beam.ParDo(Keep(reach))
    )


def _keyed(element: tuple[str, tuple[str, bytes]]) -> Iterator[tuple[bytes, Text]]:
    normal, (address, signature) = element
    for start in range(0, len(signature), KEY_BYTES):
        yield signature[start : start + KEY_BYTES], (normal, address)


def _pairs(shelf: tuple[bytes, Iterable[Text]]) -> Iterator[tuple[Pair, int]]:
    for pair in shelf_pairs(shelf[1]):
        yield pair, 1


class Judge(Step):
    """Compares one text with those that share keys with it."""

    def __init__(self, reach: Reach, near: float) -> None:
        super().__init__(reach)
        self._near = near

    def process(self, element: tuple[Text, Iterable[Text]]) -> Iterator[tuple[str, Any]]:
        """Yield (prefix, (normal, other normal, whether they are near))."""
        first, others = element[0], sorted(element[1])
        addresses = dict([first, *others])
        alike = verifier(lambda normal: normal_words(self.blobs, addresses[normal]), self._near)
        for normal, _ in others:
            try:
                verdict = alike(first[0], normal)
            except (NotFound, NotWhole):
                continue  # gone since: the builder names whose they are
            yield first[0][:PREFIX], (first[0], normal, verdict)


class Keep(Step):
    """Puts verdicts into a blob."""

    def process(self, element: tuple[str, Iterable[Any]]) -> Iterator[Row]:
        """Yield the row of the blob."""
        verdicts = sorted(element[1])
        yield {"judged": self.blobs.put(canonical([list(one) for one in verdicts]))}
