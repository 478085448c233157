"""Parquet: what a version holds of an example as columns, for whoever chooses and counts."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from ratchet.datasets.export.exporter import Exporter
from ratchet.datasets.versions.load import Item
from ratchet.kernel.errors import InvalidInput

GROUP = 500  # rows that are in memory at once, and a row group in the file


def write(items: Iterable[Item], out: BinaryIO) -> int:
    """Write examples as rows.

    Raises: InvalidInput where `pyarrow` is missing.
    """
    try:
        import pyarrow as pa  # type: ignore[import-untyped]
        from pyarrow.parquet import ParquetWriter  # type: ignore[import-untyped]
    except ImportError as error:
        raise InvalidInput(
            "pyarrow is not installed", field="format", mend='pip install "ratchet[datasets]"'
        ) from error
    schema, count = _schema(pa), 0
    with ParquetWriter(out, schema, compression="zstd") as writer:
        for rows in _groups(items):
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    return count


def _groups(items: Iterable[Item]) -> Iterator[list[dict[str, Any]]]:
    rest = iter(items)
    while rows := [row_of(item) for item in islice(rest, GROUP)]:
        yield rows


def row_of(item: Item) -> dict[str, Any]:
    """Return the row of an example: its entry, and its words."""
    return item.entry.to_map() | item.content.to_map()


def _schema(pa: Any) -> Any:
    text = pa.string()
    step = [(name, text) for name in ("kind", "role", "name", "text")] + [("ok", pa.bool_())]
    names = ("id", "content", "split", "group", "domain", "taskType", "band")
    return pa.schema(
        [
            *((name, text) for name in names),
            ("quality", pa.float64()),
            ("tokens", pa.int64()),
            ("source", text),
            ("sourceId", text),
            ("input", text),
            ("output", text),
            ("steps", pa.list_(pa.struct(step))),
        ]
    )


EXPORTER = Exporter("parquet", write)
