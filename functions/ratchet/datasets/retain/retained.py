"""Retained: one day of one shard of a kind, kept as Parquet in blobs."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, ClassVar, NamedTuple

from ratchet.datasets.example import Hash
from ratchet.datasets.retain.columns import KINDS, SCHEMA, Kind
from ratchet.kernel.clock import DAY
from ratchet.kernel.document import Document, Instant, Listed, Model
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import join_key
from ratchet.store.port import Filter, Query, Ref

RETAINED = "ops_retained"
_DAY = re.compile(r"[0-9]{4}(-[0-9]{2}-|[0-9]{2})[0-9]{2}")


class Slot(NamedTuple):
    """What is retained at once: the documents of a kind that came into a shard on a day, UTC."""

    day: datetime
    kind: Kind
    shard: int

    @property
    def label(self) -> str:
        """The day as it stands in ids."""
        return self.day.strftime("%Y%m%d")

    def key(self) -> str:
        """Return the id of what is retained of it."""
        return join_key(self.kind, self.label, self.shard)

    def ref(self) -> Ref:
        """Return where the record of it is."""
        return Ref(RETAINED, self.key())

    def query(self) -> Query:
        """Return the query of its documents, in the order in which they came."""
        where = (
            Filter("shard", "==", self.shard),
            Filter("ingestedAt", ">=", self.day),
            Filter("ingestedAt", "<", self.day + DAY),
        )
        return Query(KINDS[self.kind], where, ("ingestedAt",))

    def first(self) -> Query:
        """Return the query of the first of them."""
        return replace(self.query(), limit=1)


class Part(Model):
    """One Parquet file: the blob that it is, its rows and its size."""

    sha256: Hash
    rows: int
    bytes: int


class Retained(Document):
    """`ops_retained/{kind~day~shard}`: what was kept of a slot, and when that was held against it.

    `hash` is over every row in order: the files were read back and gave the same. `documents`
    counts the stored documents that the rows are of.
    """

    collection: ClassVar[str] = RETAINED

    kind: Kind
    day: str
    shard: int
    schema_number: int = SCHEMA
    documents: int
    rows: int
    hash: Hash
    parts: Annotated[tuple[Part, ...], Listed]
    retained_at: Instant
    verified_at: Instant

    def key(self) -> str:
        """Return kind, day and shard."""
        return join_key(self.kind, self.day, self.shard)


def day_named(label: str) -> datetime:
    """Return the day of a label, or of a date.

    >>> day_named("2026-01-31") == day_named("20260131")
    True

    Raises: InvalidInput.
    """
    try:
        if _DAY.fullmatch(label) is None:
            raise ValueError("neither form")
        return datetime.strptime(label.replace("-", ""), "%Y%m%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidInput(
            f"{label!r} is no day", field="day", mend="name one like 2026-01-31"
        ) from error
