"""Approvals: a person's yes or no to a version is a label of it, for the policy that it is of."""

from collections.abc import Sequence
from functools import partial

from ratchet.kernel.each import each
from ratchet.labels.feeds.feed import Feed, Found, Look, Stream, naming
from ratchet.labels.label import Label
from ratchet.labels.scale import decision
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.approval import APPROVALS, Approval
from ratchet.store.port import Snapshot

SOURCE = "approvals"
_DECIDED = ("approved", "rejected")


def _read(look: Look, page: Sequence[Snapshot]) -> Found:
    decided = [stored for stored in page if stored.data.get("state") in _DECIDED]
    return Found(list(each(decided, naming(partial(_label, look)), look.tell)))


def _label(look: Look, stored: Snapshot) -> Label:
    approval = Approval.from_store(stored.data)
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
