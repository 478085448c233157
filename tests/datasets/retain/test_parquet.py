"""Parquet files: typed columns, more than one file where rows are many, and told apart by hash."""

from io import BytesIO
from typing import Any

import pyarrow.parquet  # type: ignore[import-untyped]
import pytest

from ratchet.datasets.retain.columns import COLUMNS, Kind
from ratchet.datasets.retain.parquet import check_rows, read_rows, write_rows
from ratchet.datasets.retain.retained import Part
from ratchet.datasets.retain.rows import rows_of, stored_of
from ratchet.kernel.errors import InvalidInput, NotWhole
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref, Snapshot
from tests.support.observing import NOON


def documents(n: int, kind: Kind = "observations", **fields: Any) -> list[dict[str, Any]]:
    """Return the rows of documents with one item each."""
    at = {"v": 1, "shard": 0, "ingestedAt": NOON, "ts": NOON, "component": "router"}
    stored = (Snapshot(Ref("ops", f"o{i}"), at | fields, None) for i in range(n))
    return [row for found in stored for row in rows_of(kind, found)]


def test_many_rows_are_many_files_of_row_groups_that_read_as_one() -> None:
    blobs, rows = MemoryBlobs(), documents(23)
    written = write_rows(blobs, "observations", rows, group=4, groups=2)
    assert [part.rows for part in written.parts] == [8, 8, 7]
    first = pyarrow.parquet.ParquetFile(BytesIO(blobs.get(written.parts[0].sha256)))
    assert first.num_row_groups == 2
    assert list(read_rows(blobs, written.parts)) == rows
    check_rows(blobs, written)


def test_the_same_rows_are_the_same_file() -> None:
    blobs = MemoryBlobs()
    assert write_rows(blobs, "rewards", documents(3, "rewards")) == write_rows(
        blobs, "rewards", documents(3, "rewards")
    )
    assert len(list(blobs.listed())) == 1


def test_rows_in_another_order_or_number_are_found() -> None:
    blobs = MemoryBlobs()
    written = write_rows(blobs, "observations", documents(4), group=1, groups=2)
    for parts in (written.parts[::-1], written.parts[:1]):
        with pytest.raises(NotWhole, match="are not the 4 written"):
            check_rows(blobs, written._replace(parts=parts))


def test_what_is_no_parquet_file_is_not_whole() -> None:
    blobs = MemoryBlobs()
    part = Part(sha256=blobs.put(b"no such file"), rows=1, bytes=12)
    with pytest.raises(NotWhole, match="no Parquet file"):
        list(read_rows(blobs, [part]))


def test_columns_have_the_types_that_a_warehouse_reads() -> None:
    blobs = MemoryBlobs()
    told = {"score": 0.5, "details": {"successBoost": 0.1}, "feedback": {"a": {"ts": NOON}}}
    written = write_rows(blobs, "rewards", documents(1, "rewards", **told))
    schema = pyarrow.parquet.read_schema(BytesIO(blobs.get(written.parts[0].sha256)))
    assert schema.names == [column.name for column in COLUMNS["rewards"]]
    assert str(schema.field("ingestedAt").type) == "timestamp[us, tz=UTC]"
    assert str(schema.field("score").type) == "double"
    assert str(schema.field("rewardEpoch").type) == "int64"
    assert str(schema.field("feedback").type) == "string"
    assert schema.metadata[b"ratchet"] == b"rewards 1"


@pytest.mark.parametrize(
    "details",
    [
        {"successBoost": 0.1, "latencyPenalty": 0.0, "costPenalty": 0.2, "errorPenalty": 1.0},
        {"successBoost": 0.1},
        {"successBoost": 0.1, "latencyPenalty": 0.0, "costPenalty": 0.2, "errorPenalty": "1"},
        "none",
    ],
)
def test_terms_of_a_reward_come_back_whatever_they_are(details: Any) -> None:
    (row,) = documents(1, "rewards", details=details, score=0.5)
    assert stored_of(row)["details"] == details
    assert (row["successBoost"] is None) == (
        not isinstance(details, dict) or "1" in str(row["rest"])
    )


@pytest.mark.parametrize("field", ["meta", "paired"])
@pytest.mark.parametrize("value", [{}, {"a": [None, {"b": NOON}]}, ["x", "y"], [], [1], "text", 1])
def test_a_field_of_any_kind_comes_back(field: str, value: Any) -> None:
    (row,) = documents(1, **{field: value})
    assert stored_of(row)[field] == value


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(InvalidInput, match=r"ratchet\[datasets\]"):
        write_rows(MemoryBlobs(), "rewards", documents(1, "rewards"))
