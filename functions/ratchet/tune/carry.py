"""Carry: what a tuner's draft is handed to; it knows no gates itself."""

from dataclasses import dataclass
from typing import Literal, Protocol

from ratchet.policies.version import PolicyVersion

# A draft stays one (`proposed`), waits for a person who was asked (`asked`), is active, was
# stopped for good, or is tried by a rollout that began (`begun`).
Decision = Literal["proposed", "asked", "activated", "rejected", "begun"]


@dataclass(frozen=True)
class Carried:
    """How far a draft came, and why no further; `id` names the approval or rollout, if any."""

    decision: Decision
    reasons: tuple[str, ...] = ()
    id: str | None = None


class Carry(Protocol):
    """Takes a draft as far as the gates and the flags let it go; asked again, it goes on."""

    def __call__(self, draft: PolicyVersion, /) -> Carried:
        """Return how far the draft came."""
        ...
