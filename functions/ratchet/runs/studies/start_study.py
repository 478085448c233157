"""Plan a study: by a person, or by a rule within its limits; one is open a component and type."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.govern.flags import flags_in, require_learning
from ratchet.govern.roles import Actor, require_person, require_reason
from ratchet.kernel.errors import AlreadyExists, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.policies.head import PolicyHead
from ratchet.policies.numbered import free_id
from ratchet.policies.propose import check_policy_id
from ratchet.policies.version import key_parts, version_key
from ratchet.runs.studies.runners import HANDED_OUT
from ratchet.runs.studies.study import NUMBERED, STUDIES, Roster, Study, StudyType
from ratchet.runs.studies.study_changes import put_study, read_policy, read_roster
from ratchet.runs.studies.study_job import job_of
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Filter, Query, Store
from ratchet.store.transact import Transaction

# A first version may come of these, so that their policy need not exist yet.
_BEGINNING: frozenset[StudyType] = frozenset({"heuristic_training"})


def plan_study(
    store: Store,
    keys: Keys,
    actor: Actor,
    *,
    type: StudyType,
    component: str,
    policy: str,
    hypothesis: str,
    now: datetime,
    configuration: Mapping[str, Any] | None = None,
    reason: str = "",
    cause: str = "",
    limits: StudySettings | None = None,
) -> Study:
    """Write a study that is to be run; work for others is handed out with it.

    `limits` are those of a rule; a person starts what he likes, one at a time of its kind.

    Raises: LearningOff for the machine; Forbidden, InvalidInput for a person without a reason;
    NotFound without the policy; AlreadyExists, Refused; ChainBroken.
    """
    check_policy_id(policy)
    if limits is None:
        require_person(actor, "start a study")
        require_reason(actor, reason, "start a study")

    def body(tx: Transaction) -> Study:
        require_learning(flags_in(tx), actor, "plan a study")
        head, roster = read_policy(tx, policy), read_roster(tx)
        _require_policy(head, type)
        _require_alone(roster, component, type)
        if limits is not None:
            _require_room(roster, limits)
            _require_tunable(head, type)
            _require_cool(tx, head, component, type, limits, now)
        study = Study.parse(
            {
                "id": free_id(tx, head, STUDIES, NUMBERED),
                "type": type,
                "component": component,
                "policy": policy,
                "base": version_key(policy, head.active) if head.active else None,
                "hypothesis": hypothesis,
                "configuration": dict(configuration or {}),
                "started_by": "person" if limits is None else "rule",
                "actor": actor.name,
                "cause": cause,
                "created_at": now,
                "updated_at": now,
            }
        )
        why = {"component": component, "hypothesis": hypothesis} | (
            {"cause": cause} if cause else {}
        )
        tx.put(roster.joined_by(study))
        if type in HANDED_OUT:
            tx.put(job_of(study, now))
        put_study(tx, keys, head, actor, study, "study-plan", now=now, reason=reason, evidence=why)
        return study

    return store.transact(body)


def _require_policy(head: PolicyHead, kind: StudyType) -> None:
    if not head.audit_sequence and kind not in _BEGINNING:
        raise NotFound(
            f"policy {head.id} does not exist", field="policy", mend="ratchet policy list"
        )


def _require_alone(roster: Roster, component: str, kind: StudyType) -> None:
    if (open_one := roster.find(component, kind)) is not None:
        raise AlreadyExists(
            f"{open_one} of {component} is open, a {kind} as well",
            field="type",
            mend=f"ratchet study show {open_one}, or ratchet study abandon {open_one}",
        )


def _require_room(roster: Roster, limits: StudySettings) -> None:
    """Hold a rule to how many studies may be open.

    Raises: Refused.
    """
    if len(roster.studies) >= limits.max_open:
        raise Refused(
            f"{len(roster.studies)} studies are open, and {limits.max_open} may be",
            field="maxOpen",
            mend="ratchet study list, and end some; or raise maxOpen in config/studies",
        )


def _require_tunable(head: PolicyHead, kind: StudyType) -> None:
    """Let a rule wait for a rollout: tuners leave its policy alone, and the study would fail.

    Raises: Refused.
    """
    if kind == "parameter_tuning" and head.rollout:
        raise Refused(
            f"{head.id} is frozen while rollout {head.rollout} runs",
            field="policy",
            mend=f"wait for its verdict: ratchet rollout show {head.rollout}",
        )


def _require_cool(
    tx: Transaction,
    head: PolicyHead,
    component: str,
    kind: StudyType,
    limits: StudySettings,
    now: datetime,
) -> None:
    """Let what the last study brought be tried, and show on the card, before a rule starts another.

    Raises: Refused.
    """
    where = (Filter("component", "==", component), Filter("type", "==", kind))
    for last in tx.query(Query(STUDIES, where, ("-createdAt",), limit=1)):
        policy, number = key_parts(last.data.get("version") or "")
        status = head.status_of(number) if policy == head.id else "rejected"
        if status in ("shadow", "canary"):
            raise Refused(
                f"{policy}@{number}, which {last.ref.id} of {component} produced, is being tried",
                field="rollout",
                mend=f"wait for its verdict: ratchet rollout show {head.rollout}",
            )
        since = last.data.get("endedAt") or last.data["createdAt"]
        if status == "active":
            since = max(since, head.decided_at or since)
        if now - since < limits.cool_down:
            raise Refused(
                f"{last.ref.id} of {component} is from {since:%Y-%m-%d}",
                field="coolDownDays",
                mend=f"wait {limits.cool_down_days:g} days from then, or start one by hand",
            )
