"""Auto-tune: every tuner looks at a policy, and what they suggest becomes one draft."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.audit import is_policy
from ratchet.govern.config import ConfigReader
from ratchet.govern.flags import Flags
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.clock import HOUR
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, LearningOff, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import get_version, parse_head
from ratchet.policies.propose import propose
from ratchet.policies.version import PolicyVersion, Proposal
from ratchet.store.port import Query, Snapshot, Store
from ratchet.tune import TUNERS
from ratchet.tune.carry import Carry, Decision
from ratchet.tune.look import WINDOW_HOURS, look
from ratchet.tune.standing import rejected_draft, standing_draft
from ratchet.tune.view import Suggestion

TUNER = machine("auto_tune_policies")


class TuneOutcome(Model):
    """What auto-tune did with one policy, and why.

    `gates` say how far its draft came, and `next` names the approval or rollout that it waits for.
    """

    policy: str
    decision: Decision | Literal["passed"]
    version: str | None = None
    reasons: tuple[str, ...] = ()
    expected_gain: float | None = None
    gates: tuple[str, ...] = ()
    next: str | None = None


def auto_tune_policies(
    store: Store, keys: Keys, reader: ConfigReader, *, carry: Carry, now: datetime
) -> list[TuneOutcome]:
    """Propose a better version of each policy, and carry it as far as its gates let it go.

    With the kill switch off nothing is proposed.
    """
    enabled = reader.read(Flags).learning.enabled
    outcomes = []
    for found in store.stream(Query(PolicyHead.collection)):
        if not is_policy(found.ref.id):
            continue
        if enabled:
            outcomes.append(_try_tune(store, keys, reader, found, carry, now))
        else:
            outcomes.append(_passed(found.ref.id, "learning is switched off"))
    return outcomes


def _try_tune(
    store: Store, keys: Keys, reader: ConfigReader, found: Snapshot, carry: Carry, now: datetime
) -> TuneOutcome:
    """Tune one policy; one that cannot be tuned does not keep the others waiting."""
    name = found.ref.id
    try:
        return auto_tune(store, keys, reader, parse_head(found), carry=carry, now=now)
    except (InvalidInput, NotFound, Refused) as error:
        about = alert(
            "tuning-failed",
            name,
            "warning",
            f"{name} cannot be tuned: {error.message}",
            now=now,
            command=f"ratchet policy show {name}",
            evidence=error.as_dict(),
        )
        raise_alert(store, about)
        return _passed(name, error.message)


def auto_tune(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    head: PolicyHead,
    *,
    carry: Carry,
    now: datetime,
    actor: Actor = TUNER,
) -> TuneOutcome:
    """Let every tuner look at one policy's active version.

    Raises: NotFound, BadSignature, Refused, InvalidInput; what `carry` raises.
    """
    if head.active is None:
        return _passed(head.id, "no version is active")
    if head.rollout:
        return _passed(head.id, f"frozen while rollout {head.rollout} runs")
    version = get_version(store, keys, head.id, head.active)
    if not version.tuning_space:
        return _passed(head.id, "the version has no tuning space")
    view, sources = look(store, keys, reader, version, now=now)
    said = {name: tuner(view) for name, tuner in TUNERS.items()}
    params = {key: value for s in said.values() for key, value in s.params.items()}
    if not params:
        return _passed(head.id, *(reason for s in said.values() for reason in s.reasons))
    merged = dict(version.params) | params
    standing = standing_draft(store, keys, head, version, merged)
    if standing is not None:
        return _carried(standing, carry)
    since = now - timedelta(hours=WINDOW_HOURS)
    rejected = rejected_draft(store, keys, head, version, merged, since=since)
    if rejected is not None:
        return _passed(head.id, f"{rejected.key()} says the same, and was rejected")
    try:
        draft = propose(
            store, keys, actor, head.id, merged, now=now, proposal=proposal_of(said, sources, now)
        )
    except LearningOff as off:
        return _passed(head.id, off.message)
    return _carried(draft, carry)


def proposal_of(said: Mapping[str, Suggestion], sources: Sequence[str], now: datetime) -> Proposal:
    """Return why a draft is proposed; its gain is that of the first tuner that names one.

    Its window is no longer than the history that was not cut off, in whole hours.
    """
    cuts = [s.since for s in said.values() if s.since]
    reach = math.ceil((now - max(cuts)) / HOUR) if cuts else WINDOW_HOURS
    names = [name for name, s in said.items() if s.params]
    gains = [s.gain for s in said.values() if s.gain]
    gain = gains[0] if gains else (None, None, None)
    return Proposal(
        tuner="+".join(names),
        reasons=tuple(reason for name in names for reason in said[name].reasons),
        expected_gain=gain[0],
        gain_low=gain[1],
        gain_high=gain[2],
        window_hours=max(1, min(WINDOW_HOURS, reach)),
        buckets=tuple(sources),
    )


def _carried(draft: PolicyVersion, carry: Carry) -> TuneOutcome:
    carried = carry(draft)
    return TuneOutcome(
        policy=draft.id,
        decision=carried.decision,
        version=draft.version,
        reasons=draft.proposal.reasons if draft.proposal else (),
        expected_gain=draft.proposal.expected_gain if draft.proposal else None,
        gates=carried.reasons,
        next=carried.id,
    )


def _passed(policy_id: str, *reasons: str) -> TuneOutcome:
    return TuneOutcome(policy=policy_id, decision="passed", reasons=reasons)
