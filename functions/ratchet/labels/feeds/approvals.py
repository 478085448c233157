"""Approvals: a person's yes or no to a version is a label of it, for the policy that it is of.

Only as it was sealed: what somebody wrote by hand is put back, and must leave no label behind.
"""

from collections.abc import Sequence
from functools import partial

from ratchet.kernel.each import each
from ratchet.kernel.seal import load_sealed
from ratchet.labels.feeds.feed import Feed, Found, Look, Stream
from ratchet.labels.label import Label
from ratchet.labels.scale import decision
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.approval import APPROVALS, Approval
from ratchet.store.named import naming
from ratchet.store.port import Snapshot

SOURCE = "approvals"
_DECIDED = ("approved", "rejected")


def _read(look: Look, page: Sequence[Snapshot]) -> Found:
    decided = [stored for stored in page if stored.data.get("state") in _DECIDED]
    return Found(list(each(decided, naming(partial(_label, look)), look.tell)))


def _label(look: Look, stored: Snapshot) -> Label:
    mend = "decide by `ratchet approvals approve` or `reject`, not by hand"
    approval = load_sealed(look.keys, Approval, stored.ref.id, stored.data, mend=mend)
    return look.label(
        decision(approval.state),
        agent=approval.policy,
        subject=approval.version,
        source=SOURCE,
        source_id=approval.id,
        labeller=approval.decided_by,
        ts=approval.decided_at,
        features_ref=f"{PolicyVersion.collection}/{approval.version}",
    )


FEED = Feed(lambda shards: [Stream("all", APPROVALS, "decidedAt")], _read)
