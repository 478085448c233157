"""Progress: how far a build is, for whoever waits and for `status`, and what it need not do again.

`ops_checkpoints/build~NAME` is there while a build runs, and after one that died or was refused,
`stopped` and with the reason then; `parts` are the blobs of what it had measured, which the next
build takes up.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.kernel.ids import join_key
from ratchet.store.port import Ref, Store

Stage = Literal["read", "prepare", "assemble", "write", "stopped"]
Tell = Callable[[Stage, int, int], object]


class BuildProgress(Model):
    """What a build is at: `done` of `total` examples of a stage; a total of 0 is not known yet.

    `fault` says why one that is `stopped` made no version.
    """

    v: int = 1
    dataset: str
    stage: Stage
    done: int = 0
    total: int = 0
    parts: tuple[str, ...] = ()
    fault: str = ""
    started_at: Instant


class Track:
    """Tells how far a build is, and writes it down where another build finds it."""

    def __init__(self, store: Store, dataset: str, tell: Tell | None, now: datetime) -> None:
        self._store = store
        self._tell = tell
        self._now = now
        self.dataset = dataset
        found = read_progress(store, dataset)
        self.parts = found.parts if found else ()

    def at(self, stage: Stage, done: int, total: int, *, part: str | None = None) -> None:
        """Be at a place; `part` is the blob of what was measured since the last."""
        if part is not None:
            self.parts = (*self.parts, part)
        self._put(stage, done, total)
        if self._tell:
            self._tell(stage, done, total)

    def stop(self, error: RatchetError) -> None:
        """Be over without a version."""
        self._put("stopped", 0, 0, error.message)

    def _put(self, stage: Stage, done: int, total: int, fault: str = "") -> None:
        state = BuildProgress(
            dataset=self.dataset,
            stage=stage,
            done=done,
            total=total,
            parts=self.parts,
            fault=fault,
            started_at=self._now,
        )
        self._store.set(_ref(self.dataset), state.to_map())

    def end(self) -> None:
        """Be done: there is nothing to take up."""
        self._store.delete(_ref(self.dataset))


def read_progress(store: Store, dataset: str) -> BuildProgress | None:
    """Return what a build of a dataset is at, None where none runs and none died."""
    found = store.get(_ref(dataset))
    try:
        return BuildProgress.parse(found.data) if found else None
    except InvalidInput:
        return None  # broken by hand: what it names is done again


def _ref(dataset: str) -> Ref:
    return Ref(CHECKPOINTS, join_key("build", dataset))
