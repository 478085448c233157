"""What an exporter is: it writes examples to a file, one after the other."""

import json
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, NamedTuple

from ratchet.datasets.versions.load import Item

Writer = Callable[[Iterable[Item], BinaryIO], int]


class Exporter(NamedTuple):
    """A format: how its files end, and what writes examples in it and returns how many.

    It holds a bounded number of examples at a time, and the same examples give the same bytes.
    """

    suffix: str
    write: Writer


def json_lines(name: str, row_of: Callable[[Item], dict[str, Any]]) -> Exporter:
    """Return the exporter of a name that writes one JSON object a line."""

    def write(items: Iterable[Item], out: BinaryIO) -> int:
        count = 0
        for item in items:
            out.write(json.dumps(row_of(item), ensure_ascii=False).encode() + b"\n")
            count += 1
        return count

    return Exporter(f"{name}.jsonl", write)
