"""Approval: a person's yes or no to one named change, asked for in writing."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from ratchet.kernel.document import Instant
from ratchet.kernel.seal import Sealed

APPROVALS = "ops_approvals"
LIFE = timedelta(hours=72)
State = Literal["pending", "approved", "rejected", "void", "expired"]


class Approval(Sealed):
    """One change that waits: a version, as it was signed, becomes `target` in place of `champion`.

    `involved` are those who made or asked for it: four eyes want somebody else's yes. `gates` are
    those left after it, and `skipped` those that the version has not passed: then a yes overrides
    them. Void: what was asked about is not what is there any more.
    """

    collection: ClassVar[str] = APPROVALS

    id: str
    policy: str
    version: str
    signature: str
    target: Literal["active"] = "active"
    champion: str
    rollout: str | None = None
    verdict: str | None = None
    gates: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    requester: str
    role: str
    involved: tuple[str, ...]
    reason: str
    requested_at: Instant
    expires_at: Instant
    state: State = "pending"
    decided_by: str = ""
    decided_reason: str = ""
    decided_at: Instant | None = None

    def key(self) -> str:
        """Return the id."""
        return self.id

    def is_open(self, now: datetime) -> bool:
        """Say whether it can still be decided."""
        return self.state == "pending" and now < self.expires_at
