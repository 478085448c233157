"""A whole build of a dataset: examples a second, growth and memory to 100,000, and the obvious way.

The examples are some 0.5 kB of words each, one in eight of them nearly another. The obvious way is
one pass over a list of everything: redact each text, drop it where its hash was seen, compare its
5-character shingles, as Python sets, with those of all texts that were kept, and deal out the
splits by chance. It scores nothing, groups nothing, and keeps no split from one day to the next.
Seconds are the processor's, of one worker.
"""

import hashlib
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.figure import Figure
from ratchet.datasets.example import Content
from ratchet.datasets.protect.redact import redact
from ratchet.datasets.versions.build import build_dataset
from ratchet.kernel.errors import NotFound
from ratchet.store.blobs import BlobInfo, address_of
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.silver import ADA, KEYS, NOON, fill, put_example, reader_of, words

SIZES = (3_000, 10_000, 30_000, 100_000)
OBVIOUS = 1_000
REPEATS = 8  # one in so many nearly repeats another
WARM = 120  # more than 100, from which on scikit-learn is wanted


class FileBlobs:
    """Blobs as plain files, so that what is measured is the build and not a disk that syncs."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, data: bytes) -> str:
        """Keep bytes."""
        sha256 = address_of(data)
        (self._path / sha256).write_bytes(data)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return bytes."""
        try:
            return (self._path / sha256).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"there is no blob {sha256}") from error

    def has(self, sha256: str) -> bool:
        """Say whether there are bytes."""
        return (self._path / sha256).exists()

    def delete(self, sha256: str, *, put_before: datetime | None = None) -> bool:
        """Remove bytes."""
        (self._path / sha256).unlink(missing_ok=True)
        return True

    def listed(self) -> Iterator[BlobInfo]:
        """Yield nothing: no sweep runs here."""
        return iter(())


class Run(NamedTuple):
    """One build: its seconds, and those of a second one that finds one example more; MiB at most.

    `before` are the MiB of the process before it began.
    """

    seconds: float
    again: float
    before: float
    peak: float


def figures() -> list[Figure]:
    """Measure builds of four sizes, each in a process of its own, and the obvious way."""
    runs = {n: in_process(n) for n in SIZES}
    last = runs[SIZES[-1]]
    slope = np.polyfit(np.log(SIZES), np.log([runs[n].seconds for n in SIZES]), 1)[0]
    own = OBVIOUS / in_process(OBVIOUS).seconds
    plain = OBVIOUS / obvious(OBVIOUS)
    grown = (last.peak - runs[SIZES[0]].peak) / (SIZES[-1] - SIZES[0]) * 1024
    return [
        Figure("whole build, 100,000 examples, embedded", SIZES[-1] / last.seconds, "examples/s"),
        Figure("slope of a build's time from 3k to 100k in log-log", float(slope), "", 1.1),
        Figure("whole build, 1,000 examples", own, "examples/s"),
        Figure("the obvious way, 1,000 examples", plain, "examples/s"),
        Figure("a build with one example more than 100,000", last.again, "s"),
        Figure("peak memory of a build of 100,000", last.peak, "MiB", 2048),
        Figure("memory for each example more", grown, "KiB"),
    ]


def in_process(n: int) -> Run:
    """Return what a build of n examples takes in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measured, n).result()


def measured(n: int) -> Run:
    """Build a dataset of n examples, and once more with one example more."""
    with tempfile.TemporaryDirectory() as folder:
        warm, few = SqliteStore(), MemoryBlobs()
        fill(warm, few, range(WARM))
        build(warm, few)
        store, blobs = SqliteStore(f"{folder}/db"), FileBlobs(Path(folder))
        for i in range(n):
            put_example(store, blobs, i, said(i))
        before, began = peak(), time.process_time()
        build(store, blobs)
        took, most = time.process_time() - began, peak()
        put_example(store, blobs, n, said(n))
        began = time.process_time()
        build(store, blobs)
        again = time.process_time() - began
        store.close()
    return Run(took, again, before, most)


def build(store: Store, blobs: FileBlobs | MemoryBlobs) -> None:
    """Build the one dataset."""
    build_dataset(store, blobs, KEYS, reader_of(store), ADA, "default", now=NOON)


def said(i: int) -> Content:
    """Return the i-th words; one in eight nearly repeats the one before."""
    copy = i % REPEATS == REPEATS - 1
    end = " And that is all." if copy else "."
    seed = i - copy
    return Content(input=f"How? {words(seed, 15)}?", output=words(seed + 10**7, 50) + end)


def peak() -> float:
    """Return the MiB that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def obvious(n: int) -> float:
    """Return the seconds of the obvious way over n examples that are in memory."""
    everything = [said(i) for i in range(n)]
    began = time.process_time()
    seen: set[str] = set()
    kept: list[set[str]] = []
    splits: dict[int, str] = {}
    for i, content in enumerate(everything):
        clear, _ = redact(content)
        text = "\n".join(clear.texts()).lower()
        digest = hashlib.sha256(text.encode()).hexdigest()
        shingles = {text[k : k + 5] for k in range(len(text) - 4)}
        if digest in seen or any(
            len(shingles & other) >= 0.8 * len(shingles | other) for other in kept
        ):
            continue
        seen.add(digest)
        kept.append(shingles)
        splits[i] = random.choices(("train", "validation", "test"), (8, 1, 1))[0]
    return time.process_time() - began
