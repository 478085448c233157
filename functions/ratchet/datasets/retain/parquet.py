"""Parquet: rows as files of typed columns, and back; what is written is known by its rows' hash."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from itertools import chain, islice
from typing import Any, NamedTuple

from ratchet.datasets.retain.columns import COLUMNS, SCHEMA, Kind, Type
from ratchet.datasets.retain.retained import Part
from ratchet.datasets.retain.rows import Row, line_of
from ratchet.kernel.errors import InvalidInput, NotWhole
from ratchet.store.blobs import Blobs

GROUP = 10_000  # rows held at once; what is written of them is some hundred kilobytes
GROUPS = 50  # in one file, which is held whole


class Written(NamedTuple):
    """The files of some rows, how many they are, and the hash over them."""

    parts: tuple[Part, ...]
    rows: int
    hash: str


def write_rows(
    blobs: Blobs, kind: Kind, rows: Iterable[Row], *, group: int = GROUP, groups: int = GROUPS
) -> Written:
    """Put rows as Parquet files of at most `groups` row groups with `group` rows each.

    Raises: InvalidInput without pyarrow, Unavailable.
    """
    digest, parts = hashlib.sha256(), list[Part]()
    batches = _batches(_hashed(rows, digest), group)
    while first := next(batches, None):
        data, count = _file(kind, first, islice(batches, groups - 1))
        parts.append(Part(sha256=blobs.put(data), rows=count, bytes=len(data)))
    return Written(tuple(parts), sum(part.rows for part in parts), digest.hexdigest())


def read_rows(blobs: Blobs, parts: Iterable[Part]) -> Iterator[Row]:
    """Yield the rows of files, in order.

    Raises: NotFound, NotWhole, InvalidInput without pyarrow, Unavailable.
    """
    with _wanted():
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    for part in parts:
        data = blobs.get(part.sha256)
        try:
            file = pyarrow.parquet.ParquetFile(BytesIO(data))
            for number in range(file.num_row_groups):
                yield from map(_told, file.read_row_group(number).to_pylist())
        except pyarrow.ArrowException as error:
            raise NotWhole(f"{part.sha256} is no Parquet file: {error}", field="parts") from error


def check_rows(blobs: Blobs, written: Written) -> None:
    """Read files back and hold them against what was written.

    Raises: NotFound, NotWhole, Unavailable.
    """
    digest = hashlib.sha256()
    rows = sum(1 for _ in _hashed(read_rows(blobs, written.parts), digest))
    if (rows, digest.hexdigest()) != (written.rows, written.hash):
        raise NotWhole(
            f"its files hold {rows} rows that are not the {written.rows} written",
            field="hash",
            mend="restore the files from a backup of the blobs",
        )


def _hashed(rows: Iterable[Row], digest: Any) -> Iterator[Row]:
    for row in rows:
        digest.update(line_of(row) + b"\n")
        yield row


def _batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while batch := list(islice(rows, size)):
        yield batch


def _file(kind: Kind, first: list[Row], rest: Iterable[list[Row]]) -> tuple[bytes, int]:
    """Return a file of batches, each a row group, and how many rows it has."""
    with _wanted():
        import pyarrow
        import pyarrow.parquet
    schema, out, count = _schema(kind), BytesIO(), 0
    with pyarrow.parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in chain([first], rest):
            writer.write_table(pyarrow.Table.from_pylist(batch, schema=schema))
            count += len(batch)
    return out.getvalue(), count


def _schema(kind: Kind) -> Any:
    import pyarrow

    types: Mapping[Type, Any] = {
        "text": pyarrow.string(),
        "json": pyarrow.string(),
        "int": pyarrow.int64(),
        "float": pyarrow.float64(),
        "flag": pyarrow.bool_(),
        "instant": pyarrow.timestamp("us", tz="UTC"),
    }
    fields = [(column.name, types[column.type]) for column in COLUMNS[kind]]
    return pyarrow.schema(fields, metadata={"ratchet": f"{kind} {SCHEMA}"})


def _told(row: Row) -> Row:
    """Return a row with its instants in our own zone."""
    return {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value
        for name, value in row.items()
    }


@contextmanager
def _wanted() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"Parquet wants a package more: {error.name}", mend="pip install 'ratchet[datasets]'"
        ) from error
