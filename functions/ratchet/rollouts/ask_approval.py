"""Ask for an approval of a version without a rollout: what a person may do about a draft."""

from datetime import datetime

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, require_person, require_reason
from ratchet.kernel.errors import IllegalTransition
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import is_sealed
from ratchet.policies.activate import check_transition, read_head
from ratchet.policies.propose import read_version
from ratchet.policies.version import SemVer, version_key
from ratchet.rollouts.approval import APPROVALS, Approval
from ratchet.rollouts.ask import ask
from ratchet.rollouts.gates.gate import Road
from ratchet.rollouts.road import open_road, walk
from ratchet.rollouts.rollout import Challenger
from ratchet.rollouts.running import ready_head, require_active, require_champion, require_idle
from ratchet.rollouts.start import ROLLING, unfit
from ratchet.store.port import Filter, Query, Store
from ratchet.store.transact import Transaction


def ask_approval(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    actor: Actor,
    policy_id: str,
    version: str,
    *,
    reason: str,
    now: datetime,
) -> Approval:
    """Ask for a yes to a version without a rollout; one that is asked for already is returned.

    Gates that answer at once are asked first. Those that want a rollout, or time, are left out:
    then a yes is an override by two persons, and the audit says so.

    Raises: NotFound, BadSignature, Forbidden, Refused, IllegalTransition, InvalidInput, Conflict.
    """
    require_person(actor, "ask for an approval")
    require_reason(actor, reason, "ask for an approval")
    SemVer.of(version)
    champion = require_active(ready_head(store, policy_id))
    key = version_key(policy_id, version)
    if key == champion:
        raise IllegalTransition(f"{key} is active", field="version", mend="ratchet policy list")
    road = open_road(store, keys, reader, champion, [Challenger(arm=version, version=key)], now=now)
    before, left = _around(road.rules.gates)
    skipped = tuple(gate for gate in before if gate in ROLLING or _waits(road, gate))
    where = (Filter("policy", "==", policy_id), Filter("state", "==", "pending"))

    def body(tx: Transaction) -> Approval:
        head = read_head(tx, policy_id)
        require_idle(head)
        require_champion(head, champion)
        target = read_version(tx, keys, policy_id, version)
        check_transition(target, head.status_of(version), "active")
        for found in tx.query(Query(APPROVALS, where)):
            if found.data.get("signature") != target.signature:
                continue
            if is_sealed(keys, Approval, found.ref.id, found.data):  # no other can be given
                there = Approval.from_store(found.data)
                if there.rollout is None and there.is_open(now) and there.champion == champion:
                    return there
        approval, _ = ask(
            tx,
            keys,
            head,
            actor,
            target,
            involved=(),
            reason=reason,
            gates=left,
            skipped=skipped,
            now=now,
        )
        return approval

    return store.transact(body)


def _waits(road: Road, gate: str) -> bool:
    """Say whether a gate wants more time.

    Raises: Refused where it does not let the version through.
    """
    walked = walk(road, [gate])
    if walked.entered.result not in ("passed", "waits"):
        raise unfit(walked, "propose another version, or see `ratchet policy activate --help`")
    return walked.entered.result == "waits"


def _around(gates: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the gates before an approval and after it; all are before where none is named."""
    at = gates.index("approval") if "approval" in gates else len(gates)
    return gates[:at], gates[at + 1 :]
