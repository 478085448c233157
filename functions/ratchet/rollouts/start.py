"""Start a rollout: versions set out on their road, by the gates of what they change."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, require_person, require_reason
from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.kernel.keys import Keys
from ratchet.policies.activate import read_head
from ratchet.rollouts.assign import Mode
from ratchet.rollouts.changes import begin, read_changes
from ratchet.rollouts.gate_rules import Gates
from ratchet.rollouts.gates import GATES
from ratchet.rollouts.gates.gate import Road
from ratchet.rollouts.prepare import Prepared, prepare
from ratchet.rollouts.profile import Profile
from ratchet.rollouts.request import RolloutRequest
from ratchet.rollouts.road import Onward, open_road, walk
from ratchet.rollouts.rollout import Challenger, Rollout, RolloutDraft, Shares
from ratchet.rollouts.running import (
    read_champion,
    ready_head,
    require_active,
    require_champion,
    require_idle,
    require_standing,
)
from ratchet.store.port import Store
from ratchet.store.transact import Transaction

ROLLING = ("shadow", "canary")


def start_rollout(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    actor: Actor,
    asked: RolloutRequest,
    *,
    salt: str,
    reason: str,
    now: datetime,
) -> Rollout:
    """Let challengers meet units beside the active version; one rollout runs for a policy.

    `salt` is random. A gate before the rollout that stops the versions refuses it, by its reasons.

    Raises: NotFound, BadSignature, Refused, IllegalTransition, InvalidInput, Conflict.
    """
    require_person(actor, "start a rollout")
    require_reason(actor, reason, "start a rollout")
    champion = require_active(ready_head(store, asked.policy))
    _require_others(champion, asked.challengers)
    road = _road(store, keys, reader, champion, asked, now)
    draft, onward = _draft(road, asked)
    prepared = prepare(store, reader, draft, road.champion, salt=salt, now=now)

    def body(tx: Transaction) -> Rollout:
        return begin_prepared(
            tx,
            keys,
            actor,
            prepared,
            champion=road.champion.key(),
            reason=reason,
            now=now,
            told=onward,
        )

    return store.transact(body)


def begin_prepared(
    tx: Transaction,
    keys: Keys,
    actor: Actor,
    prepared: Prepared,
    *,
    champion: str,
    reason: str,
    now: datetime,
    told: Onward | None = None,
) -> Rollout:
    """Begin what was prepared, if the policy still stands as it did then.

    Raises: NotFound, BadSignature, Refused, IllegalTransition, Conflict.
    """
    draft = prepared.draft
    head = read_head(tx, draft.policy)
    require_idle(head)
    require_champion(head, champion)
    read_champion(tx, keys, head)
    require_standing(tx, keys, head, draft.challengers)
    read_changes(tx, head, (challenger.version for challenger in draft.challengers))
    behind = {"gates": told.told()} if told and told.behind else {}
    rollout, _ = begin(
        tx, keys, head, actor, prepared, champion=champion, reason=reason, now=now, evidence=behind
    )
    return rollout


def _require_others(champion: str, challengers: Sequence[Challenger]) -> None:
    """Refuse to try a version against itself, where something would be decided about it.

    Raises: InvalidInput.
    """
    tried = [challenger.version for challenger in challengers]
    if champion in tried:
        raise InvalidInput(
            f"{champion} is the active version itself",
            field="challengers",
            mend=f"ratchet rollout aa {champion.partition('@')[0]} --reason ...",
        )
    if len(set(tried)) < len(tried):
        raise InvalidInput(
            "two challengers are the same version", field="challengers", mend="name each once"
        )


def _road(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    champion: str,
    asked: RolloutRequest,
    now: datetime,
) -> Road:
    named = None
    if asked.profile is not None:
        named = (asked.profile, reader.read(Gates).profile(asked.profile))
    road = open_road(store, keys, reader, champion, asked.challengers, now=now, profile=named)
    return replace(road, profile=_profile(road.profile, asked))


def _profile(profile: Profile, asked: RolloutRequest) -> Profile:
    """Return the profile as whoever starts the rollout wants it counted."""
    wanted = {
        "outcome_window_hours": asked.outcome_window_hours,
        "latency_objective_ms": asked.latency_objective_ms,
    }
    return profile.model_copy(update={k: v for k, v in wanted.items() if v is not None})


def _draft(road: Road, asked: RolloutRequest) -> tuple[RolloutDraft, Onward | None]:
    """Return the rollout that is asked for, and the walk through the gates before it.

    Raises: Refused where one of them does not let the versions through; InvalidInput.
    """
    gates = road.rules.gates
    name = _gate(asked.mode, gates)
    at = gates.index(name) if name in gates else None
    before, left = ((), gates) if at is None else (gates[:at], gates[at + 1 :])
    walked = walk(road, before) if asked.mode is None else None
    if walked and walked.entered.result != "passed":
        raise unfit(walked, _instead(walked, asked))
    draft = GATES[name](road).draft
    changes: dict[str, Any] = {"gates": left, "skipped": () if walked else before}
    if asked.mode == "split":
        changes |= {"mode": "split", "steps": (_equal_parts(asked.challengers),)}
    if asked.steps is not None:
        changes["steps"] = asked.steps
    return RolloutDraft.parse(dict(draft or ()) | changes), walked


def _instead(walked: Onward, asked: RolloutRequest) -> str:
    """Return what helps versions that a gate does not let through."""
    if walked.entered.result == "asks" and len(asked.challengers) == 1:
        version = asked.challengers[0].version.partition("@")[2]
        return f"ratchet approvals ask {asked.policy} {version} --reason ..."
    if walked.gate == "golden":
        return ""  # its reasons say what is missing, and nobody is to pass it by for ease
    return "name a --mode: that is an override, and the audit says so"


def _gate(mode: Mode | None, gates: Sequence[str]) -> str:
    """Return the gate whose rollout is begun: the first there is, else a canary."""
    if mode is not None:
        return "shadow" if mode == "shadow" else "canary"
    return next((gate for gate in gates if gate in ROLLING), "canary")


def _equal_parts(challengers: Sequence[Challenger]) -> Shares:
    return {challenger.arm: 1 / (len(challengers) + 1) for challenger in challengers}


def unfit(walked: Onward, instead: str) -> Refused:
    """Return the refusal of versions that a gate does not let through; `instead` mends it."""
    said = "; ".join(walked.entered.reasons)
    return Refused(f"gate {walked.gate}: {said}", field="gates", mend=instead)
