"""KeptAnswer: what a request under an idempotency key got, to be answered again."""

from typing import ClassVar

from ratchet.kernel.document import Document, Instant
from ratchet.kernel.ids import join_key


class KeptAnswer(Document):
    """A request under a key: its hash, until when it is held, and its answer, once there is one."""

    collection: ClassVar[str] = "ops_idempotency"

    caller: str
    idempotency_key: str
    asked: str
    holder: str
    held_until: Instant
    status: int | None = None
    answer: str | None = None
    expire_at: Instant

    def key(self) -> str:
        """Return the caller and his key."""
        return join_key(self.caller, self.idempotency_key)
