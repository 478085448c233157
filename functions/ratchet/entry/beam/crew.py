"""BeamCrew: reads silver, looks for near duplicates and writes chunks as Apache Beam pipelines.

The builder waits for each pipeline and does the rest itself: what has to see all examples at once,
and what signs, asks and commits. So a build by Beam ends in the very version of a build without.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.runner import PipelineState
from apache_beam.transforms.combiners import ToList

from ratchet.datasets.versions.index import write_index
from ratchet.datasets.versions.prepare import MEASURES
from ratchet.datasets.versions.progress import Track
from ratchet.datasets.versions.read import KEPT, Silver
from ratchet.datasets.versions.version import Chunk, Entry
from ratchet.entry.beam.chunks import chunks_of, write_chunks
from ratchet.entry.beam.near import judge_texts
from ratchet.entry.beam.reach import Reach
from ratchet.entry.beam.silver import read_silver, silver_of
from ratchet.entry.beam.steps import Report, Row, reported
from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.errors import RatchetError, Unavailable
from ratchet.kernel.ids import join_key
from ratchet.store.blobs import Blobs
from ratchet.store.port import Ref, Store


@dataclass(frozen=True)
class BeamCrew:
    """Workers of a pipeline's runner, who open the store and the blobs by their URLs."""

    store: Store
    blobs: Blobs
    reach: Reach
    dataset: str
    options: tuple[str, ...]

    def read(self, parts: Sequence[str], near: float, track: Track) -> Silver:
        """Read and prepare every kept example, and judge near duplicates on the way."""

        def steps(pipeline: Any) -> list[Any]:
            read = read_silver(pipeline, self.reach, parts)
            return [read.rows, judge_texts(read.texts, self.reach, near)]

        total = self.store.count(KEPT)
        track.at("read", 0, total)
        silver = silver_of(self.blobs, self._ran("silver", steps))
        # The next build takes these up if this one dies.
        for part in write_index(self.blobs, silver.prepared, MEASURES):
            track.at("prepare", len(silver.prepared) + len(silver.unreadable), total, part=part)
        return silver

    def write(
        self, entries: Sequence[Entry], manifest: str, tell: Callable[[int], object]
    ) -> tuple[Chunk, ...]:
        """Put chunks, each by one worker."""
        rows = self._ran("chunks", lambda p: [write_chunks(p, self.reach, manifest)])
        chunks = chunks_of(rows)
        tell(sum(chunk.count for chunk in chunks))
        return chunks

    def _ran(self, name: str, steps: Callable[[Any], list[Any]]) -> list[Row]:
        """Run a pipeline to its end; returns the rows that its workers found.

        Raises: Unavailable where it failed.
        """
        token = secrets.token_hex(8)
        where = Ref(CHECKPOINTS, join_key(f"beam_{name}", self.dataset))
        options = PipelineOptions(list(self.options))
        pipeline = beam.Pipeline(runner=_runner(options), options=options)
        _ = (
            steps(pipeline)
            | "all rows" >> beam.Flatten()
            | "in one" >> ToList()
            | "report" >> beam.ParDo(Report(self.reach, where, token))
        )
        try:
            state = pipeline.run().wait_until_finish()
        except RatchetError:
            raise
        except RuntimeError as error:  # what every runner raises where a worker's step did
            raise _failed(name, str(error).strip().rpartition("\n")[2]) from error
        if state != PipelineState.DONE:
            raise _failed(name, f"it ended as {state}")
        return reported(self.store, self.blobs, where, token)


def _runner(options: PipelineOptions) -> str:
    """Return the runner's name; Beam's own choice for DirectRunner would fetch another program."""
    named = options.view_as(StandardOptions).runner
    return "FnApiRunner" if named == "DirectRunner" else str(named)


def _failed(name: str, told: str) -> Unavailable:
    return Unavailable(
        f"the pipeline `{name}` failed: {told}",
        field="--runner",
        mend="see the runner's log, and build again: what was measured whole is not done again",
    )
