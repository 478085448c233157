"""Verdicts that are carried out without any traffic, on rollouts that begin without a plan."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.clock import HOUR, ManualClock
from ratchet.kernel.seal import is_sealed
from ratchet.observe.watch import CONTROL, Watch
from ratchet.policies.activate import read_head
from ratchet.policies.history import get_version
from ratchet.policies.verify import check_versions
from ratchet.rollouts.changes import begin, read_changes
from ratchet.rollouts.gates.gate import Entered
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.prepare import Prepared
from ratchet.rollouts.profile import PROFILES, Profile
from ratchet.rollouts.promote import prepare_holdback
from ratchet.rollouts.record_verdict import record_verdict
from ratchet.rollouts.road import Onward
from ratchet.rollouts.rollout import Rollout, RolloutDraft
from ratchet.rollouts.scene import Follows
from ratchet.rollouts.verdict import AsOf, Judged, Verdict
from ratchet.rollouts.verdicts import verdict_key
from ratchet.store.port import Query, Store
from ratchet.store.transact import Transaction
from tests.support.governed import ADA, KEYS, NOON, POLICY, assert_agreement, head_of, statuses

JUDGE = machine("evaluate_rollouts")
SALT = "a salt of the tests, random elsewhere"
LOOK = NOON + 30 * HOUR
PROFILE = PROFILES["significance"]


def prepared(
    arms: Sequence[str] = ("1.0.1",),
    *,
    mode: str = "canary",
    steps: Sequence[float] = (0.1, 0.4),
    gates: tuple[str, ...] = (),
    purpose: str = "trial",
    profile: Profile = PROFILE,
    policy: str = POLICY,
) -> Prepared:
    """Return a rollout that may begin: each challenger is called as its version is numbered."""
    versions = {arm: "1.0.0" if purpose == "aa" else arm for arm in arms}
    draft = RolloutDraft.parse(
        {
            "policy": policy,
            "challengers": [{"arm": a, "version": f"{policy}@{v}"} for a, v in versions.items()],
            "mode": mode,
            "steps": [dict.fromkeys(arms, share) for share in steps],
            "profile": profile,
            "purpose": purpose,
            "gates": gates,
        }
    )
    return Prepared(draft, Watch(arms=(CONTROL, *arms), steps=len(steps), epoch=1), SALT)


def running(
    store: Store,
    arms: Sequence[str] = ("1.0.1",),
    *,
    actor: Actor = ADA,
    now: datetime = NOON,
    **how: Any,
) -> Rollout:
    """Begin a rollout beside the active version."""
    ready = prepared(arms, **how)

    def body(tx: Transaction) -> Rollout:
        head = read_head(tx, ready.draft.policy)
        champion = f"{head.id}@{head.active}"
        read_changes(tx, head, (c.version for c in ready.draft.challengers))
        return begin(tx, KEYS, head, actor, ready, champion=champion, reason="try it", now=now)[0]

    return store.transact(body)


def decided(
    rollout: Rollout,
    decision: str,
    *,
    scope: str = "whole",
    arms: Mapping[str, str] | None = None,
    winner: str | None = None,
    spent_usd: float | None = None,
    now: datetime = LOOK,
) -> Judged:
    """Return what a look decided; each standing arm as the whole, unless it is told otherwise."""
    called = dict.fromkeys((c.arm for c in rollout.standing), decision) | dict(arms or {})
    versions = {c.arm: c.version for c in rollout.challengers}
    seen = [
        {
            "arm": arm,
            "version": versions[arm],
            "decision": own,
            "reasons": (f"{arm}: the test says {own}",),
            "metric": "reward",
            "recommendation": own,
        }
        for arm, own in called.items()
    ]
    stood = ("step", "opened", "dropped", "held")
    return Judged.parse(
        {
            "rollout": rollout.id,
            "policy": rollout.policy,
            "mode": rollout.mode,
            "purpose": rollout.purpose,
            "profile": rollout.profile_name,
            "decision": decision,
            "scope": scope,
            "winner": winner,
            "spent_usd": spent_usd,
            "reasons": (f"the test says {decision}",),
            "arms": seen,
            "start": rollout.started_at,
            "until": now - timedelta(hours=2),
            "at": now,
            "as_of": AsOf(**{name: getattr(rollout, name) for name in stood}),
            "data": "the hash of the sums",
            "code": "test",
        }
    )


def came_to(result: Any, gate: str = "approval", left: tuple[str, ...] = ()) -> Onward:
    """Return a walk that came to a gate."""
    return Onward(Entered(result, (f"the test says {result}",)), gate, left)


def activation(store: Store, rollout: Rollout, arm: str = "1.0.1") -> Follows:
    """Return what follows where no gate is left: the version of an arm, with its holdback."""
    version = get_version(store, KEYS, POLICY, arm)
    reader = ConfigReader(store, ManualClock(LOOK))
    beside = prepare_holdback(store, reader, rollout, version, now=LOOK)
    return Follows(Onward(Entered("passed")), holdback=beside)


def carried(
    store: Store,
    rollout: Rollout,
    decision: str,
    follows: Follows | None = None,
    *,
    now: datetime = LOOK,
    **how: Any,
) -> Verdict:
    """Record a verdict on a rollout as it stands, and do what it says."""
    at = get_rollout(store, rollout.id)
    judged, key = decided(at, decision, now=now, **how), verdict_key(rollout.id, now)
    verdict = record_verdict(store, KEYS, JUDGE, at, judged, follows, verdict_id=key, now=now)
    assert verdict is not None, f"{rollout.id} is not what was judged"
    return verdict


def assert_sound(store: Store) -> None:
    """Hold head, versions, audit, rollouts and verdicts against each other."""
    assert_agreement(store)
    assert all(report.valid for report in check_versions(store, KEYS))
    head = head_of(store)
    rollouts = {s.ref.id: s.data for s in store.query(Query(Rollout.collection))}
    assert all(is_sealed(KEYS, Rollout, key, data) for key, data in rollouts.items())
    named = rollouts.get(head.rollout or "")
    assert (named or {}).get("state") == ("running" if head.rollout else None)
    assert (named or {}).get("seal") == head.rollout_seal
    assert {number: statuses(store)[number] for number in head.stages} == head.stages
    for verdict in verdicts(store):
        assert is_sealed(KEYS, Verdict, verdict.id, verdict.to_map())
        assert verdict.id == verdict_key(verdict.rollout, verdict.at)


def verdicts(store: Store) -> list[Verdict]:
    """Return every verdict, by id."""
    found = [Verdict.from_store(s.data) for s in store.query(Query(Verdict.collection))]
    return sorted(found, key=lambda verdict: verdict.id)
