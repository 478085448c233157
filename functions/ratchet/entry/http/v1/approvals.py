"""Approvals by HTTP: what waits for a yes, the yes, the no, and what a yes has done."""

from datetime import datetime

from ratchet.entry.http.v1.paging import Page, Paged, page_of_list
from ratchet.entry.http.v1.route import Ask, Route, Why
from ratchet.kernel.document import Model
from ratchet.kernel.errors import RatchetError, Refused
from ratchet.policies.head import PolicyHead
from ratchet.policies.version import PolicyId
from ratchet.rollouts.approval import Approval, State
from ratchet.store.port import Ref


class WantedApprovals(Paged):
    """Which approvals; those that are pending, unless another state is named."""

    state: State = "pending"
    policy: PolicyId | None = None


class Decision(Model):
    """Why it is decided so."""

    reason: Why


class Applied(Model):
    """An approval that was given, and where its policy is now: what is active, what is tried."""

    approval: Approval
    active: str | None = None
    rollout: str | None = None


def list_approvals(ask: Ask, query: WantedApprovals) -> Page[Approval]:
    """List approvals, oldest first."""
    from ratchet.rollouts import approve as verbs

    broken: list[RatchetError] = []
    app = ask.app
    found = verbs.list_approvals(app.store, app.keys, query.policy, query.state, tell=broken.append)
    if query.state == "pending":
        found = [approval for approval in found if approval.is_open(ask.now)]
    kind = Page[Approval]
    return page_of_list(ask, query, kind, found, lambda x: (x.requested_at, x.id), broken)


def approve(ask: Ask, id: str, body: Decision) -> Approval:
    """Say yes, as somebody who had no part in the change; the change is made at once."""
    from ratchet.rollouts import approve as verbs

    app = ask.app
    return verbs.approve(
        app.store, app.keys, app.reader, ask.actor, id, reason=body.reason, now=ask.now
    )


def reject(ask: Ask, id: str, body: Decision) -> Approval:
    """Say no: the version is rejected, its rollout ends, and what is active stays."""
    from ratchet.rollouts import approve as verbs

    app = ask.app
    return verbs.reject_approval(
        app.store, app.keys, ask.actor, id, reason=body.reason, now=ask.now
    )


def apply(ask: Ask, id: str) -> Applied:
    """Say what a yes has done: approving applies the change, in the same transaction.

    Raises: NotFound, BadSignature; Refused for an approval that was not given.
    """
    from ratchet.rollouts import approve as verbs

    approval = verbs.get_approval(ask.app.store, ask.app.keys, id)
    if approval.state != "approved":
        raise _not_given(approval, ask.now)
    stored = ask.app.store.get(Ref(PolicyHead.collection, approval.policy))
    head = PolicyHead.from_store(stored.data) if stored else PolicyHead(id=approval.policy)
    return Applied(approval=approval, active=head.active, rollout=head.rollout)


def _not_given(approval: Approval, now: datetime) -> Refused:
    if approval.is_open(now):
        mend = f"POST to /v1/approvals/{approval.id}/approve: that applies it at once"
        return Refused(f"{approval.id} waits for a yes", field="state", mend=mend)
    state = "expired" if approval.state == "pending" else approval.state
    mend = f"ratchet approvals ask {approval.policy} VERSION --reason ..."
    return Refused(f"{approval.id} is {state}", field="state", mend=mend)


ROUTES = (
    Route("GET", "/v1/approvals", list_approvals, Page[Approval], query=WantedApprovals),
    Route("POST", "/v1/approvals/{id}/approve", approve, Approval, body=Decision),
    Route("POST", "/v1/approvals/{id}/reject", reject, Approval, body=Decision),
    Route("POST", "/v1/approvals/{id}/apply", apply, Applied),
)
