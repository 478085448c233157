"""Ledger: the group and split of every example that ever had one; later versions keep them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ratchet.datasets.versions.version import Split


class Line(NamedTuple):
    """What is known for ever of one example: what it repeats, and where its group lies.

    `normal` is the hash of its normalised words, `stratum` that of its group, like `qa/easy`.
    """

    id: str
    task: str
    normal: str
    group: str
    split: Split
    stratum: str


@dataclass(frozen=True)
class Ledger:
    """The lines by example; a version's ledger holds those of its parent and its own."""

    lines: Mapping[str, Line]

    @cached_property
    def groups(self) -> dict[str, Line]:
        """One line of each group, for the split and the stratum that all of them share."""
        return {line.group: line for line in self.lines.values()}

    def to_bytes(self) -> bytes:
        """Return one JSON list a line, in order of id."""
        rows = (json.dumps(self.lines[key], ensure_ascii=False) for key in sorted(self.lines))
        return "".join(f"{row}\n" for row in rows).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Ledger":
        """Return the ledger of its bytes."""
        return cls.of(Line(*json.loads(row)) for row in data.split(b"\n") if row)

    @classmethod
    def of(cls, lines: Iterable[Line] = ()) -> "Ledger":
        """Return the ledger of lines."""
        return cls({line.id: line for line in lines})
