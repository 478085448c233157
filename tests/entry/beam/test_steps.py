"""Steps: what a pipeline found is taken once, by the builder that began it."""

import pytest

from ratchet.entry.beam.reach import Reach
from ratchet.entry.beam.silver import bounds
from ratchet.entry.beam.steps import Report, error_of, reported
from ratchet.kernel.errors import Conflict, NotWhole
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore

WHERE = Ref("ops_checkpoints", "beam_silver~default")


def test_rows_are_taken_once_and_another_pipelines_are_refused(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    report = Report(Reach("memory:", "memory:"), WHERE, "mine")
    report.store, report.blobs = embedded, blobs
    assert len(list(report.process([{"at": 1}]))) == 1
    assert reported(embedded, blobs, WHERE, "mine") == [{"at": 1}]
    with pytest.raises(Conflict):
        reported(embedded, blobs, WHERE, "mine")
    list(report.process([]))
    with pytest.raises(Conflict, match="another ran"):
        reported(embedded, blobs, WHERE, "yours")


def test_an_error_that_a_worker_told_is_the_same_error() -> None:
    error = NotWhole("gone", field="e1", mend="withdraw it")
    told = error_of(error.as_dict())
    assert (type(told), told.as_dict()) == (NotWhole, error.as_dict())


def test_ranges_meet_and_leave_no_id_out() -> None:
    edges = [bounds(at) for at in range(256)]
    assert (edges[0][0], edges[-1][1]) == ("", "")
    assert [last for _, last in edges[:-1]] == [after for after, _ in edges[1:]]
