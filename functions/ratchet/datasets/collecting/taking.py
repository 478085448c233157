"""Taking: what was gathered becomes examples, or errors that say why it does not."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ratchet.datasets.collecting.gather.gatherer import Gathered
from ratchet.datasets.collecting.gather.said import said_of
from ratchet.datasets.example import Content, Example, example_id
from ratchet.datasets.extract import EXTRACTORS
from ratchet.datasets.extract.extractor import Extracted
from ratchet.datasets.extract.graded import graded
from ratchet.datasets.extract.place import placed
from ratchet.datasets.extract.runs import SOURCE as RUNS
from ratchet.datasets.settings import DatasetSettings
from ratchet.kernel.errors import InvalidInput, Poisoned, RatchetError
from ratchet.kernel.ids import join_key
from ratchet.labels.label import Label
from ratchet.store.blobs import Blobs
from ratchet.store.port import Store

MAX_BYTES = 64 * 2**20  # of a batch in memory
Read = tuple[Gathered, Extracted | RatchetError | Label]
Said = Mapping[tuple[str, str], Sequence[Label]]


@dataclass(frozen=True)
class Work:
    """What extracting takes besides what is gathered.

    `replaying` counts every try of a dead letter; collecting meets what it knows again and again.
    """

    store: Store
    blobs: Blobs
    settings: DatasetSettings
    shards: int
    now: datetime
    replaying: bool = False


class Worded(NamedTuple):
    """An example as it is placed, its words, and the bytes of them."""

    example: Example
    content: Content
    words: bytes


class Taken(NamedTuple):
    """One thing that was gathered, and what came of it: an example, an error, or its withdrawal."""

    gathered: Gathered
    outcome: Worded | RatchetError | Label

    @property
    def example_id(self) -> str:
        """The id of the example that it is, or would be."""
        return example_id(self.gathered.source, self.gathered.source_id)

    @property
    def key(self) -> str:
        """The key of its dead letter, where it has one."""
        return join_key(self.gathered.source, self.gathered.source_id)


def take(
    work: Work, gathered: Iterable[Gathered], *, most: int = MAX_BYTES
) -> Iterator[list[Taken]]:
    """Extract what was gathered, with the labels that are on it.

    Yields all of it at once, unless its words are over `most` characters: what waits to be written
    is in memory, and of what arrived a single thing at a time.
    """
    part, size = dict[tuple[str, str], Read](), 0
    for one in gathered:
        found = _extracted(one)
        part[one.source, one.source_id] = one._replace(payload=None), found
        size += sum(map(len, found.content.texts())) if isinstance(found, Extracted) else 0
        if size > most:
            yield _taken(work, part.values())
            part, size = {}, 0
    if part:
        yield _taken(work, part.values())


def _taken(work: Work, found: Collection[Read]) -> list[Taken]:
    # The labels of runs came with them: their extractor weighs them against the loss.
    examples = [e.example for one, e in found if isinstance(e, Extracted) and one.source != RUNS]
    said = said_of(work.store, ((example.component, (example.id,)) for example in examples))
    return [Taken(one, _outcome(work, extracted, said)) for one, extracted in found]


def _extracted(one: Gathered) -> Extracted | RatchetError | Label:
    if one.error is not None:
        return one.error
    if one.withdrawn is not None:
        return one.withdrawn
    try:
        return EXTRACTORS[one.source](one.payload, source_id=one.source_id, at=one.at)
    except InvalidInput as error:
        return error
    except RecursionError:
        return Poisoned("nested without end", field="(whole)", mend="send it flatter, or as text")


def _outcome(
    work: Work, extracted: Extracted | RatchetError | Label, said: Said
) -> Worded | RatchetError | Label:
    if not isinstance(extracted, Extracted):
        return extracted
    told = extracted.example
    extracted = _graded(extracted, said.get((told.component, told.id), ()))
    try:
        example, words = placed(
            extracted,
            now=work.now,
            shards=work.shards,
            retention=work.settings.retention,
            settings=work.settings,
        )
    except InvalidInput as error:
        return error
    return Worded(example, extracted.content, words)


def _graded(extracted: Extracted, labels: Sequence[Label]) -> Extracted:
    """Return an example with what labels on it say; they count over what its source said."""
    if not labels:
        return extracted
    said, example = graded(labels), extracted.example
    vouched = tuple(sorted({*example.lineage.vouched, *said.vouched}))
    changes = {
        "labels": (*example.labels, *said.grades),
        "quality": example.quality if said.quality is None else said.quality,
        "confidence": example.confidence if said.confidence is None else said.confidence,
        "lineage": example.lineage.model_copy(update={"vouched": vouched}),
    }
    return extracted._replace(example=example.model_copy(update=changes))
