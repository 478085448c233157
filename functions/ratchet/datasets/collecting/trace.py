"""Trace: what arrived and is to be extracted (bronze), and the letter of one that could not be."""

from typing import ClassVar

from ratchet.datasets.example import Hash, SourceId
from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.ids import join_key
from ratchet.observe.observation import Name


class Trace(Document):
    """`ops_traces/{source~sourceId}`: one thing as it arrived; its bytes are the blob `raw` names.

    `source` is the extractor that reads it. The same id with other bytes is a new `revision`, and
    the latest counts. `shard` and `changedAt` let the collecting find what is new.
    """

    collection: ClassVar[str] = "ops_traces"

    source: Name
    source_id: SourceId
    raw: Hash
    raw_bytes: int
    revision: int = 1
    received_by: str
    shard: int
    changed_at: Instant
    expire_at: Instant

    def key(self) -> str:
        """Return source and id."""
        return join_key(self.source, self.source_id)


class DeadSample(Model):
    """One malformed trace in short: the id of its dead letter, where it is at fault, and why."""

    id: str
    code: str
    field: str = ""
    why: str


class DeadTrace(Document):
    """`ops_dead_traces/{source~sourceId}`: a dead letter: why a trace became no example.

    `code` is an error's, `field` where it is, `mend` what to do; `raw` names the bytes, where they
    were kept, and `attempts` counts how often it was tried. A replay that goes well removes it.
    """

    collection: ClassVar[str] = "ops_dead_traces"

    source: Name
    source_id: SourceId
    code: str
    field: str = ""
    message: str
    mend: str = ""
    raw: Hash | None = None
    attempts: int = 1
    first_at: Instant
    last_at: Instant
    expire_at: Instant

    def key(self) -> str:
        """Return source and id."""
        return join_key(self.source, self.source_id)
