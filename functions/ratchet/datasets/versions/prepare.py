"""Prepare: read, redact and measure each example by itself, in as many processes as one likes.

What silver redacted with the present code is not redacted again, and what a blob of the index
holds is not measured again. One whose words are gone is named, and keeps no other from being read.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import NamedTuple

from ratchet.datasets.curate import CURATION
from ratchet.datasets.curate.vector import vector_of
from ratchet.datasets.dedupe import DEDUPE
from ratchet.datasets.dedupe.near import signature_of
from ratchet.datasets.dedupe.normal import normal_hash, normal_text
from ratchet.datasets.example import Content, Example
from ratchet.datasets.extract.classify import tokens_of
from ratchet.datasets.protect.redact import REDACTION, redact
from ratchet.datasets.versions.index import Known, Measured, known_key
from ratchet.datasets.versions.prepared import Prepared
from ratchet.datasets.versions.words import words_of
from ratchet.kernel.errors import NotWhole, RatchetError
from ratchet.store.blobs import Blobs

PAGE = 1000  # whose words are in memory at once
# The code that measures: what other code measured is not used.
MEASURES = f"{REDACTION}/{DEDUPE}/{CURATION}"

Mapped = Callable[[Sequence["Raw"]], Iterator["Done | RatchetError"]]


class Raw(NamedTuple):
    """An example and the bytes of its words; `ready` where they were redacted before."""

    example: Example
    words: bytes
    ready: bool


class Done(NamedTuple):
    """What was measured, and the redacted bytes."""

    measured: Measured
    words: bytes


class PreparedAll(NamedTuple):
    """A page of examples: what was prepared, which of it anew, and who could not be, and why."""

    prepared: list[Prepared]
    fresh: list[Prepared]
    unreadable: dict[str, RatchetError]


def is_redacted(example: Example) -> bool:
    """Say whether silver holds an example's words as the present code redacts them."""
    return example.redaction is not None and example.redaction.version == REDACTION


def measure(raw: Raw) -> Done | RatchetError:
    """Return what a build knows of one example: pure, so that it can be done anywhere.

    Where its blob holds no words of an example that is said, without telling what it holds.
    """
    example = raw.example
    try:
        content = Content.model_validate_json(raw.words)
    except ValueError:
        address = _address(example)
        return NotWhole(f"the blob {address} holds no words", mend="tell its trace again")
    counts, words = dict(example.redaction.counts) if example.redaction else {}, raw.words
    if not raw.ready:
        content, counts = redact(content)
        words = content.to_bytes()
    return Done(
        Measured(
            content="",  # its address is known when it is put
            normal=normal_hash(content),
            signature=signature_of(normal_text(content)),
            vector=vector_of(example, content),
            redactions=counts,
            tokens=tokens_of(content),
        ),
        words,
    )


@contextmanager
def mapped(workers: int) -> Iterator[Mapped]:
    """Give a map of `measure` over this process, or over so many others."""
    if workers <= 1:
        yield lambda raws: map(measure, raws)
        return
    # A forked process would share threads and connections of the store.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield lambda raws: pool.map(measure, raws, chunksize=max(1, len(raws) // (4 * workers)))


def prepare_page(
    blobs: Blobs, examples: Sequence[Example], known: Known, measured: Mapped
) -> PreparedAll:
    """Prepare a page of examples; each redacted text that silver lacks is put."""
    # Words that silver lacks are put anew each time: no document names them until a version does.
    reusable = [e for e in examples if is_redacted(e) and known_key(e) in known]
    found = {e.id: known[known_key(e)] for e in reusable}
    raws, unreadable = _read(blobs, [e for e in examples if e.id not in found])
    fresh = []
    for raw, done in zip(raws, measured(raws), strict=True):
        if isinstance(done, RatchetError):
            unreadable[raw.example.id] = done
            continue
        values, words = done
        if raw.ready and raw.example.redaction:
            address = raw.example.redaction.content
        else:
            address = blobs.put(words)
        fresh.append(prepared_of(raw.example, values._replace(content=address)))
    old = [prepared_of(e, found[e.id]) for e in examples if e.id in found]
    return PreparedAll(old + fresh, fresh, unreadable)


def _read(blobs: Blobs, examples: Sequence[Example]) -> tuple[list[Raw], dict[str, RatchetError]]:
    raws: list[Raw] = []
    unreadable: dict[str, RatchetError] = {}
    words = words_of(blobs, map(_address, examples))
    for example, found in zip(examples, words, strict=True):
        if isinstance(found, RatchetError):
            unreadable[example.id] = found
        else:
            raws.append(Raw(example, found, is_redacted(example)))
    return raws, unreadable


def _address(example: Example) -> str:
    """Return where an example's words are: redacted ones, where silver has them."""
    ready = example.redaction if is_redacted(example) else None
    return ready.content if ready else example.content


def prepared_of(example: Example, values: Measured) -> Prepared:
    """Return an example with what was measured of it."""
    return Prepared(example=example, **values._asdict())
