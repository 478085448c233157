"""GuardedSet: examples that nothing may be trained on, and how equal and near ones are found."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from ratchet.datasets.dedupe.near import NearIndex, signature_of
from ratchet.datasets.dedupe.normal import normal_hash, normal_text
from ratchet.datasets.example import Content
from ratchet.datasets.versions.prepared import Signature
from ratchet.kernel.canonical import canonical
from ratchet.kernel.errors import NotWhole

Overlap = Literal["golden-overlap", "test-overlap"]


class Probe(NamedTuple):
    """An example as the guard sees it: its normal hash and signature."""

    id: str
    normal: str
    signature: Signature


class Row(NamedTuple):
    """A guarded example: the blob of its redacted words, and the hash of their normal form."""

    id: str
    content: str
    normal: str


@dataclass(frozen=True)
class GuardedSet:
    """The rows of one golden set or test split, and the index of their signatures, in order."""

    rows: tuple[Row, ...]
    index: NearIndex

    @classmethod
    def of(cls, examples: Iterable[tuple[str, str, Content]]) -> "GuardedSet":
        """Return the set of (id, content blob, content)."""
        rows: list[Row] = []
        signatures: list[Signature] = []
        for name, blob, content in examples:
            rows.append(Row(name, blob, normal_hash(content)))
            signatures.append(signature_of(normal_text(content)))
        return cls(tuple(rows), NearIndex().plus([row.id for row in rows], signatures))

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids that it guards."""
        return frozenset(row.id for row in self.rows)

    @cached_property
    def normals(self) -> frozenset[str]:
        """The hashes of normal forms that it guards."""
        return frozenset(row.normal for row in self.rows)

    @cached_property
    def contents(self) -> Mapping[str, str]:
        """The blobs of redacted words by id."""
        return {row.id: row.content for row in self.rows}

    def met(
        self,
        probes: Sequence[Probe],
        text_of: Callable[[str], str],
        own_text_of: Callable[[str], str],
        threshold: float,
    ) -> set[str]:
        """Return the ids of those that are among its examples, equal one or are near one.

        `text_of` gives the normal form of a probe's words, `own_text_of` that of the set's.
        """
        equal = {p.id for p in probes if p.id in self.ids or p.normal in self.normals}
        rest = [probe for probe in probes if probe.id not in equal]
        # None of the rest has an id of the set, so that an id says whose text is wanted.
        near = self.index.near(
            [probe.id for probe in rest],
            [probe.signature for probe in rest],
            lambda name: own_text_of(name) if name in self.ids else text_of(name),
            threshold,
        )
        return equal | set(near)

    def to_bytes(self) -> bytes:
        """Return it as bytes, the same everywhere: a line with the rows, then the index."""
        return canonical([list(row) for row in self.rows]) + b"\n" + self.index.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "GuardedSet":
        """Return the set of its bytes.

        Raises: NotWhole where they are none, or of other code.
        """
        line, _, rest = data.partition(b"\n")
        try:
            rows = tuple(Row(*row) for row in json.loads(line))
        except (ValueError, TypeError) as error:
            raise NotWhole("these bytes are no guarded set", field="guarded") from error
        return cls(rows, NearIndex.from_bytes(rest))
