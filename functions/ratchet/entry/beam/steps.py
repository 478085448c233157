"""What every step shares: the open store, and the one row of results at the end of a pipeline."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam

from ratchet.entry.beam.reach import Reach
from ratchet.entry.wiring import open_data
from ratchet.kernel.canonical import canonical
from ratchet.kernel.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotWhole,
    RatchetError,
    UnknownSchema,
)
from ratchet.store.blobs import Blobs
from ratchet.store.port import Ref, Store

Row = dict[str, Any]
_KINDS = {kind.code: kind for kind in (InvalidInput, NotFound, NotWhole, UnknownSchema)}


class Step(beam.DoFn):
    """A step whose workers have the store and the blobs open."""

    store: Store
    blobs: Blobs

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def setup(self) -> None:
        """Open them, once in each worker."""
        self.store, self.blobs = open_data(*self._reach)

    def teardown(self) -> None:
        """Let go of them."""
        self.store.close()


class Report(Step):
    """Writes the rows of a pipeline to a blob, and its address where the builder looks for it."""

    def __init__(self, reach: Reach, where: Ref, token: str) -> None:
        super().__init__(reach)
        self._where, self._token = where, token

    def process(self, rows: Sequence[Row]) -> Iterator[str]:
        """Report all rows; doing it again changes nothing."""
        address = self.blobs.put(canonical(list(rows)))
        self.store.set(self._where, {"v": 1, "of": self._token, "rows": address})
        yield address


def reported(store: Store, blobs: Blobs, where: Ref, token: str) -> list[Row]:
    """Return the rows of the pipeline of a token, which are taken away.

    Raises: Conflict where another builder's pipeline reported meanwhile.
    """
    found = store.get(where)
    if found is None or found.data.get("of") != token:
        raise Conflict(
            f"{where} does not hold what this pipeline found: another ran meanwhile",
            field="dataset",
            mend="build again, one builder at a time",
        )
    rows: list[Row] = json.loads(blobs.get(found.data["rows"]))
    store.delete(where)
    return rows


def error_of(told: Row) -> RatchetError:
    """Return the error that a worker told as a map."""
    kind = _KINDS.get(told["code"], InvalidInput)
    return kind(told["message"], field=told.get("field", ""), mend=told.get("mend", ""))
