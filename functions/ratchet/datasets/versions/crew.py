"""Crew: who does what grows with the number of examples; the rest of a build is done in one place.

`Here` does it in this process and some beside it. Whoever does it, a build ends in the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ratchet.datasets.versions.chunks import write_chunks
from ratchet.datasets.versions.index import read_index
from ratchet.datasets.versions.prepare import MEASURES
from ratchet.datasets.versions.progress import Track
from ratchet.datasets.versions.read import Silver, read_silver
from ratchet.datasets.versions.version import Chunk, Entry
from ratchet.store.blobs import Blobs
from ratchet.store.port import Store


class Crew(Protocol):
    """Reads silver and writes chunks, by the steps of `prepare`, `near` and `chunks`."""

    def read(self, parts: Sequence[str], near: float, track: Track) -> Silver:
        """Read and prepare every kept example.

        `parts` are blobs of what was measured before, `near` the Jaccard of near duplicates.
        """

    def write(
        self, entries: Sequence[Entry], manifest: str, tell: Callable[[int], object]
    ) -> tuple[Chunk, ...]:
        """Put the words of a manifest's entries; `manifest` is its blob.

        Raises: NotWhole for an example whose words are gone.
        """


@dataclass(frozen=True)
class Here:
    """This process, and as many workers beside it as are wanted."""

    store: Store
    blobs: Blobs
    workers: int = 1

    def read(self, parts: Sequence[str], near: float, track: Track) -> Silver:
        """Read and prepare a page at a time; duplicates are compared where they are looked for."""
        known = read_index(self.blobs, parts, MEASURES)
        return read_silver(self.store, self.blobs, known, track, workers=self.workers)

    def write(
        self, entries: Sequence[Entry], manifest: str, tell: Callable[[int], object]
    ) -> tuple[Chunk, ...]:
        """Put a chunk at a time."""
        return write_chunks(self.blobs, entries, tell=tell)
