"""Auto-tune: every tuner looks at a policy, and what they suggest becomes one draft."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.audit import CONFIG_STREAM
from ratchet.govern.config import ConfigReader
from ratchet.govern.flags import Flags
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.canonical import canonical
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, LearningOff, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.observe.epochs import current_epoch
from ratchet.observe.roll_up import buckets_since
from ratchet.observe.tally import UNVERSIONED
from ratchet.policies.activate import activate
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import get_version, parse_head
from ratchet.policies.propose import propose
from ratchet.policies.space import Range, Simplex
from ratchet.policies.version import COLLECTION, PolicyVersion, Proposal
from ratchet.stats.bucket import Bucket, Sums
from ratchet.store.port import Query, Ref, Snapshot, Store
from ratchet.tune import TUNERS
from ratchet.tune.standing import stands
from ratchet.tune.view import Suggestion, View

WINDOW_HOURS = 24
TUNER = machine("auto_tune_policies")


class TuneOutcome(Model):
    """What auto-tune did with one policy, and why."""

    policy: str
    decision: Literal["proposed", "activated", "passed"]
    version: str | None = None
    reasons: tuple[str, ...] = ()
    expected_gain: float | None = None


def auto_tune_policies(
    store: Store, keys: Keys, reader: ConfigReader, *, now: datetime
) -> list[TuneOutcome]:
    """Propose a better version of each policy, and activate what needs nobody's judgement.

    With the kill switch off nothing is proposed.
    """
    enabled = reader.read(Flags).learning.enabled
    outcomes = []
    for found in store.stream(Query(PolicyHead.collection)):
        if found.ref.id == CONFIG_STREAM:
            continue
        if enabled:
            outcomes.append(_try_tune(store, keys, reader, found, now))
        else:
            outcomes.append(_passed(found.ref.id, "learning is switched off"))
    return outcomes


def _try_tune(
    store: Store, keys: Keys, reader: ConfigReader, found: Snapshot, now: datetime
) -> TuneOutcome:
    """Tune one policy; one that cannot be tuned does not keep the others waiting."""
    name = found.ref.id
    try:
        return auto_tune(store, keys, reader, parse_head(found), now=now)
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
    now: datetime,
    actor: Actor = TUNER,
) -> TuneOutcome:
    """Let every tuner look at one policy's active version."""
    if head.active is None:
        return _passed(head.id, "no version is active")
    if head.rollout:
        return _passed(head.id, f"frozen while rollout {head.rollout} runs")
    version = get_version(store, keys, head.id, head.active)
    if not version.tuning_space:
        return _passed(head.id, "the version has no tuning space")
    view, sources = look(store, keys, reader, version, now=now)
    said = {name: tuner(view) for name, tuner in TUNERS.items()}
    _alert_poor(store, view, said, head.id, now)
    params = {key: value for s in said.values() for key, value in s.params.items()}
    if not params:
        return _passed(head.id, *(reason for s in said.values() for reason in s.reasons))
    names = [name for name, s in said.items() if s.params]
    gains = [s.gain for s in said.values() if s.gain]
    gain = gains[0] if gains else (None, None, None)
    proposal = Proposal(
        tuner="+".join(names),
        reasons=tuple(reason for name in names for reason in said[name].reasons),
        expected_gain=gain[0],
        gain_low=gain[1],
        gain_high=gain[2],
        window_hours=WINDOW_HOURS,
        buckets=tuple(sources),
    )
    merged = dict(version.params) | params
    standing = _standing(store, keys, head, version, merged)
    if standing is not None:
        return _try_activation(store, keys, reader, standing, actor, now)
    try:
        draft = propose(store, keys, actor, head.id, merged, now=now, proposal=proposal)
    except LearningOff as off:
        return _passed(head.id, off.message)
    return _try_activation(store, keys, reader, draft, actor, now)


def _standing(
    store: Store, keys: Keys, head: PolicyHead, version: PolicyVersion, params: Mapping[str, Any]
) -> PolicyVersion | None:
    """Return the tuner's open draft of this version that says the same already, if there is one."""
    drafts = (get_version(store, keys, head.id, number) for number in reversed(head.drafts))
    own = (d for d in drafts if d.proposal is not None and d.parent == version.key())
    return next((d for d in own if stands(d, params)), None)


def look(
    store: Store, keys: Keys, reader: ConfigReader, version: PolicyVersion, *, now: datetime
) -> tuple[View, list[str]]:
    """Return what the tuners see of a version, and the ids of the buckets it came from."""
    epoch = current_epoch(store, reader, now=now)
    components = _components(version)
    found = {
        component: [
            bucket
            for bucket in buckets_since(store, component, now - timedelta(hours=WINDOW_HOURS), now)
            if bucket.epoch == epoch.epoch
        ]
        for component in components
    }
    alike = _same_behaviour(store, version, {b.version for bs in found.values() for b in bs})
    hours: dict[str, dict[datetime, Sums]] = {}
    used: list[Bucket] = []
    for component, buckets in found.items():
        by_hour: dict[datetime, Sums] = defaultdict(Sums)
        for bucket in buckets:
            if bucket.version in alike:
                by_hour[bucket.hour] = by_hour[bucket.hour] + bucket.sums
                used.append(bucket)
        hours[component] = dict(by_hour)
    root = _root(store, keys, version)
    view = View(
        version=version,
        base=root.params,
        hours=hours,
        thresholds={c: epoch.config.for_component(c).thresholds for c in components},
        seed=_seed(version, hours),
    )
    return view, sorted({bucket.key() for bucket in used})


def _components(version: PolicyVersion) -> list[str]:
    names: set[str] = set()
    for name, span in version.space().items():
        if isinstance(span, Simplex):
            weights = version.params[name]
            names |= {span.component_of(a) for a in weights} if isinstance(weights, dict) else set()
        elif isinstance(span, Range) and span.component:
            names.add(span.component)
    return sorted(names)


def _same_behaviour(store: Store, version: PolicyVersion, seen: set[str]) -> set[str]:
    """Return the versions whose observations tell of this one: they differ in allocation only."""
    ours = sorted(name for name in seen if name.startswith(f"{version.id}@"))
    stored = store.get_many([Ref(COLLECTION, name) for name in ours])
    alike = {
        found.ref.id
        for found in stored
        if found and (found.data.get("lineage") or found.ref.id) == version.root
    }
    return alike | {UNVERSIONED, version.key()}


def _root(store: Store, keys: Keys, version: PolicyVersion) -> PolicyVersion:
    if version.root == version.key():
        return version
    policy_id, _, number = version.root.partition("@")
    return get_version(store, keys, policy_id, number)


def _seed(version: PolicyVersion, hours: Mapping[str, Mapping[datetime, Sums]]) -> int:
    """Return a seed that the inputs alone decide: same inputs, same proposal."""
    inputs: dict[str, Any] = {"version": version.key(), "params": version.params}
    for component, sums in hours.items():
        for hour, s in sums.items():
            inputs[f"{component}~{hour.isoformat()}"] = [str(s.drawn.n), str(s.drawn.wx)]
    return int.from_bytes(hashlib.sha256(canonical(inputs)).digest()[:8], "big")


def _try_activation(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    draft: PolicyVersion,
    actor: Actor,
    now: datetime,
) -> TuneOutcome:
    outcome = TuneOutcome(
        policy=draft.id,
        decision="proposed",
        version=draft.version,
        reasons=draft.proposal.reasons if draft.proposal else (),
        expected_gain=draft.proposal.expected_gain if draft.proposal else None,
    )
    if not reader.read(Flags).learning.auto_activate_policies:
        return outcome
    try:
        evidence = {"expectedGain": outcome.expected_gain}
        activate(
            store,
            keys,
            actor,
            draft.id,
            draft.version,
            now=now,
            reason="allocation inside the approved envelope",
            evidence={k: v for k, v in evidence.items() if v is not None},
        )
    except Refused:
        return outcome
    return outcome.model_copy(update={"decision": "activated"})


def _alert_poor(
    store: Store, view: View, said: Mapping[str, Suggestion], policy_id: str, now: datetime
) -> None:
    """Raise an alert for each component whose mean reward is under the retrain threshold."""
    for suggestion in said.values():
        for component, mean in suggestion.poor.items():
            limit = view.thresholds[component].retrain
            if mean < limit:
                about = alert(
                    "below-retrain",
                    component,
                    "warning",
                    f"{component} has mean reward {mean:.3f}, under {limit}",
                    now=now,
                    command=f"ratchet stats --component {component}",
                    evidence={"policy": policy_id, "meanReward": round(mean, 6)},
                )
                raise_alert(store, about)


def _passed(policy_id: str, *reasons: str) -> TuneOutcome:
    return TuneOutcome(policy=policy_id, decision="passed", reasons=reasons)
