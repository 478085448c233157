"""Canaries by HTTP: the rollouts that run, what they have shown, and a person's word on one."""

from typing import Literal

from ratchet.entry.http.v1.paging import Page, Paged, page_of_list
from ratchet.entry.http.v1.route import Ask, Route, Why
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.observe.observation import Name
from ratchet.policies.version import PolicyId, key_parts
from ratchet.rollouts.report import RolloutEvidence
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.verdict import Verdict


class WantedCanaries(Paged):
    """Of which policy; of all, unless one is named."""

    policy: PolicyId | None = None


class Performance(Model):
    """What a rollout's closed hours show, and its newest verdict, once there is one."""

    evidence: RolloutEvidence
    verdict: Verdict | None = None


class Promotion(Model):
    """`step` opens the next step; `whole` makes a challenger active, over the gates that are left.

    Either way the audit marks it as an override. Of several challengers `arm` names one.
    """

    scope: Literal["step", "whole"]
    arm: Name | None = None
    reason: Why


class GoingBack(Model):
    """Why what is tried is rejected; `arm` names one challenger of several."""

    arm: Name | None = None
    reason: Why


class Changed(Model):
    """How a policy stands after a change."""

    policy: str
    active: str | None = None
    previous: str | None = None
    rollout: str | None = None
    step: int | None = None


def list_active(ask: Ask, query: WantedCanaries) -> Page[Rollout]:
    """List the rollouts that run, shadows and holdbacks too, oldest first."""
    from ratchet.rollouts.history import list_rollouts

    broken: list[RatchetError] = []
    found = list_rollouts(ask.app.store, query.policy, tell=broken.append)
    running = [rollout for rollout in found if rollout.state == "running"]
    kind = Page[Rollout]
    return page_of_list(ask, query, kind, running, lambda x: (x.started_at, x.id), broken)


def performance(ask: Ask, id: str) -> Performance:
    """Show what a rollout's closed hours show, with the newest verdict."""
    from ratchet.rollouts.read_evidence import read_evidence
    from ratchet.rollouts.verdicts import last_verdict

    verdict = last_verdict(ask.app.store, ask.app.keys, id)
    return Performance(evidence=read_evidence(ask.app.store, id), verdict=verdict)


def promote(ask: Ask, id: str, body: Promotion) -> Changed:
    """Let a rollout go on by a person's word: to its next step, or to the whole.

    Raises: InvalidInput for the arm of a step, which opens for all.
    """
    if body.scope == "step":
        return _advance(ask, id, body)
    return _override(ask, id, "PROMOTE", body)


def _advance(ask: Ask, rollout_id: str, body: Promotion) -> Changed:
    from ratchet.rollouts.advance import advance_rollout

    if body.arm is not None:
        raise InvalidInput("a step opens for every arm", field="arm", mend="leave it out")
    app = ask.app
    opened = advance_rollout(
        app.store, app.keys, ask.actor, rollout_id, reason=body.reason, now=ask.now
    )
    champion = key_parts(opened.champion)[1]
    return Changed(policy=opened.policy, active=champion, rollout=opened.id, step=opened.step)


def roll_back(ask: Ask, id: str, body: GoingBack) -> Changed:
    """Reject what is tried; of a holdback, go back to the former version."""
    return _override(ask, id, "ROLL_BACK", body)


def _override(
    ask: Ask,
    rollout_id: str,
    decision: Literal["PROMOTE", "ROLL_BACK"],
    body: GoingBack | Promotion,
) -> Changed:
    from ratchet.rollouts.override import override_rollout

    app = ask.app
    head = override_rollout(
        app.store,
        app.keys,
        app.reader,
        ask.actor,
        rollout_id,
        decision,
        arm=body.arm,
        reason=body.reason,
        now=ask.now,
    )
    return Changed(policy=head.id, active=head.active, previous=head.previous, rollout=head.rollout)


ROUTES = (
    Route("GET", "/v1/canaries/active", list_active, Page[Rollout], query=WantedCanaries),
    Route("GET", "/v1/canaries/{id}/performance", performance, Performance),
    Route("POST", "/v1/canaries/{id}/promote", promote, Changed, body=Promotion),
    Route("POST", "/v1/canaries/{id}/rollback", roll_back, Changed, body=GoingBack),
)
