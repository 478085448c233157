"""Silver, read and measured by workers: each takes a range of ids, and does it a page at a time."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from ratchet.datasets.example import Example
from ratchet.datasets.versions.index import index_bytes, read_index
from ratchet.datasets.versions.prepare import MEASURES, measure, prepare_page, prepared_of
from ratchet.datasets.versions.prepared import Prepared
from ratchet.datasets.versions.read import Silver, kept_between, pages_of
from ratchet.entry.beam.reach import Reach
from ratchet.entry.beam.steps import Row, Step, error_of
from ratchet.kernel.errors import Misconfigured, RatchetError
from ratchet.store.blobs import Blobs
from ratchet.store.encoding import from_json, to_json

RANGES = 256  # by the first two digits of an id
TEXTS = "texts"


class Read(NamedTuple):
    """What reading gives: rows for the builder, and (normal hash, (blob, signature)) of texts."""

    rows: Any
    texts: Any


def read_silver(pipeline: Any, reach: Reach, parts: Sequence[str]) -> Read:
    """Add to a pipeline what reads and measures every kept example that no part has measured."""
    known = (
        pipeline
        | "parts" >> beam.Create(list(parts))
        | "spread parts" >> beam.Reshuffle()
        | "measured before" >> beam.ParDo(Measures(reach))
    )
    ranges = pipeline | "ranges" >> beam.Create([(at, True) for at in range(RANGES)])
    read = (
        {"ranges": ranges, "known": known}
        | "by range" >> beam.CoGroupByKey()
        | "measure" >> beam.ParDo(Measure(reach)).with_outputs(TEXTS, main="rows")
    )
    return Read(read.rows, read[TEXTS])


def bounds(at: int) -> tuple[str, str]:
    """Return after which id a range begins, and its last; the outer ones have no end.

    >>> bounds(0), bounds(7), bounds(255)
    (('', '01'), ('07', '08'), ('ff', ''))
    """
    return f"{at:02x}" if at else "", f"{at + 1:02x}" if at < RANGES - 1 else ""


class Measures(Step):
    """Reads one blob of measures, each with the range of its example."""

    def process(self, part: str) -> Iterator[tuple[int, Any]]:
        """Yield (range, (key, measures))."""
        for key, values in read_index(self.blobs, [part], MEASURES).items():
            yield int(key[0][:2], 16), (key, values)


class Measure(Step):
    """Measures the examples of one range; a page of them is two blobs, named by a row."""

    def process(self, element: tuple[int, Mapping[str, Iterable[Any]]]) -> Iterator[Any]:
        """Yield rows, and the texts that duplicates are looked for among."""
        at, groups = element
        known = dict(groups["known"])
        unreadable: dict[str, RatchetError] = {}
        for page in pages_of(kept_between(self.store, *bounds(at)), unreadable):
            done = prepare_page(self.blobs, page, known, partial(map, measure))
            unreadable |= done.unreadable
            if done.prepared:
                yield page_row(self.blobs, done.prepared)
            for one in done.prepared:
                text = (one.normal, (one.content, one.signature.astype("<u8").tobytes()))
                yield TaggedOutput(TEXTS, text)
        if unreadable:
            yield {"unreadable": {key: error.as_dict() for key, error in unreadable.items()}}


def page_row(blobs: Blobs, prepared: Sequence[Prepared]) -> Row:
    """Put a page of examples and what was measured of them."""
    lines = "\n".join(to_json(one.example.to_map()) for one in prepared)
    return {
        "examples": blobs.put(lines.encode()),
        "measures": blobs.put(index_bytes(prepared, MEASURES)),
    }


def silver_of(blobs: Blobs, rows: Iterable[Row]) -> Silver:
    """Return what the workers read, in order of id, with their verdicts.

    Raises: Misconfigured where they ran other code.
    """
    silver = Silver([], {}, {})
    judged: dict[tuple[str, str], bool] = {}
    for row in rows:
        if "examples" in row:
            silver.prepared.extend(_page(blobs, row))
        for key, told in row.get("unreadable", {}).items():
            silver.unreadable[key] = error_of(told)
        if "judged" in row:
            judged |= {(a, b): near for a, b, near in json.loads(blobs.get(row["judged"]))}
    silver.prepared.sort(key=lambda one: one.example.id)
    return silver._replace(judged=judged)


def _page(blobs: Blobs, row: Row) -> Iterator[Prepared]:
    known = {
        key[0]: values for key, values in read_index(blobs, [row["measures"]], MEASURES).items()
    }
    for line in blobs.get(row["examples"]).decode().split("\n") if known else ():
        example = Example.from_store(from_json(line))
        yield prepared_of(example, known[example.id])
    if not known:
        raise Misconfigured(
            f"the workers did not measure by {MEASURES}, as this program does",
            field="--beam-option",
            mend="give the workers the same version: see `How workers get the code` in the docs",
        )
