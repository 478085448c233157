"""Chunks, written by workers: first how long each line is, then where to cut, then each chunk."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam

from ratchet.datasets.versions.chunks import cut_chunks, lines_of, put_chunk
from ratchet.datasets.versions.manifest import read_manifest
from ratchet.datasets.versions.version import Chunk, Entry
from ratchet.entry.beam.reach import Reach
from ratchet.entry.beam.steps import Row, Step, error_of
from ratchet.kernel.errors import NotWhole

RUN = 256  # entries whose lines one worker measures at a time


def write_chunks(pipeline: Any, reach: Reach, manifest: str) -> Any:
    """Add to a pipeline what writes the chunks of a manifest's blob; gives rows for the builder."""
    listed = pipeline | "manifest" >> beam.Create([manifest])
    sizes = (
        listed
        | "runs" >> beam.ParDo(Runs(reach))
        | "spread runs" >> beam.Reshuffle()
        | "measure lines" >> beam.ParDo(Sizes(reach))
    )
    return (
        listed
        | "cut" >> beam.ParDo(Cuts(reach), beam.pvalue.AsList(sizes))
        | "spread chunks" >> beam.Reshuffle()
        | "write" >> beam.ParDo(Write(reach))
    )


class Runs(Step):
    """Reads a manifest, in runs of entries."""

    def process(self, manifest: str) -> Iterator[tuple[int, list[Entry]]]:
        """Yield (number of the first, entries)."""
        entries = list(read_manifest(self.blobs.get(manifest)))
        for start in range(0, len(entries), RUN):
            yield start, entries[start : start + RUN]


class Sizes(Step):
    """Measures the lines of a run of entries."""

    def process(self, run: tuple[int, Sequence[Entry]]) -> Iterator[tuple[int, Any]]:
        """Yield (number of the first, sizes), or with the error that names whose words are gone."""
        try:
            yield run[0], [len(line) for line in lines_of(self.blobs, run[1])]
        except NotWhole as error:
            yield run[0], error.as_dict()


class Cuts(Step):
    """Decides what each chunk holds."""

    def process(self, manifest: str, runs: Iterable[tuple[int, Any]]) -> Iterator[Row]:
        """Yield the number and the entries of each chunk; or the first error, and no chunk."""
        measured = [found for _, found in sorted(runs, key=lambda run: run[0])]
        errors = [found for found in measured if isinstance(found, dict)]
        if errors:
            yield {"error": errors[0]}
            return
        sizes = (size for run in measured for size in run)
        pairs = zip(read_manifest(self.blobs.get(manifest)), sizes, strict=True)
        for at, cut in enumerate(cut_chunks(pairs, int)):
            yield {"at": at, "entries": [entry for entry, _ in cut]}


class Write(Step):
    """Writes one chunk."""

    def process(self, row: Row) -> Iterator[Row]:
        """Yield the chunk's row."""
        if "error" in row:
            yield row
            return
        entries: list[Entry] = row["entries"]
        try:
            chunk = put_chunk(self.blobs, entries[0].split, list(lines_of(self.blobs, entries)))
        except NotWhole as error:
            yield {"error": error.as_dict()}
            return
        yield {"at": row["at"], "chunk": chunk.to_map()}


def chunks_of(rows: Sequence[Row]) -> tuple[Chunk, ...]:
    """Return the chunks in order.

    Raises: NotWhole for an example whose words are gone.
    """
    for row in rows:
        if "error" in row:
            raise error_of(row["error"])
    return tuple(Chunk.parse(row["chunk"]) for row in sorted(rows, key=lambda row: row["at"]))
