"""PolicyHead: the truth about a policy; the one document that an activation contends on."""

from ratchet.govern.audit import ChainHead
from ratchet.kernel.document import Instant
from ratchet.policies.version import Stage, Status


class PolicyHead(ChainHead):
    """Which version is active, which was before, and the end of the policy's audit chain.

    `activated` lists every version that ever was active; `decidedAt` is when the active one was
    chosen, so that a hand edit made before it and delivered late does not win. `rollout` is the
    running one, `rolloutSeal` the seal of its document as it was last written, and `stages` says
    how far the versions are that it tries.
    """

    active: str | None = None
    previous: str | None = None
    latest: str | None = None
    activated: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    rollout: str | None = None
    rollout_seal: str | None = None
    stages: dict[str, Stage] = {}
    decided_at: Instant | None = None

    def status_of(self, version: str) -> Status:
        """Return the status that a version must have."""
        if version == self.active:
            return "active"
        if version in self.stages:
            return self.stages[version]
        if version in self.drafts:
            return "draft"
        return "archived" if version in self.activated else "rejected"
