import io
import sys

import pytest

from ratchet.datasets.example import Content, Step
from ratchet.datasets.export import parquet
from ratchet.datasets.versions.load import Item
from ratchet.datasets.versions.version import Entry
from ratchet.kernel.errors import InvalidInput
from tests.support.exported import some_items

pq = pytest.importorskip("pyarrow.parquet")


def written(items: list[Item]) -> io.BytesIO:
    out = io.BytesIO()
    assert parquet.write(items, out) == len(items)
    return io.BytesIO(out.getvalue())


def test_every_column_comes_back_example_by_example() -> None:
    items = some_items({"train": 3, "test": 2})
    rows = pq.read_table(written(items)).to_pylist()
    assert set(rows[0]) == {
        *("id", "content", "split", "group", "domain", "taskType", "band", "quality", "tokens"),
        *("source", "sourceId", "input", "output", "steps"),
    }
    words = ("input", "output", "steps")
    for row, one in zip(rows, items, strict=True):
        assert Entry.parse({k: v for k, v in row.items() if k not in words}) == one.entry
        steps = tuple(Step.parse(step) for step in row["steps"])
        assert Content(input=row["input"], output=row["output"], steps=steps) == one.content


def test_rows_are_written_a_group_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP", 2)
    file = pq.ParquetFile(written(some_items({"train": 5})))
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [2, 2, 1]


def test_no_examples_are_a_table_without_rows() -> None:
    assert pq.read_table(written([])).num_rows == 0


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InvalidInput, match=r"ratchet\[datasets\]"):
        parquet.write([], io.BytesIO())
