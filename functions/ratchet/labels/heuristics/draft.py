"""Draft: a trained heuristic becomes a version of its policy, which then takes the usual road."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.canonical import content_hash
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.keys import Keys
from ratchet.labels.heuristics.feature import Features
from ratchet.labels.heuristics.train import Trained, wanted_of
from ratchet.labels.uses import record_use
from ratchet.policies.head import PolicyHead
from ratchet.policies.heuristic import PARAM, Heuristic
from ratchet.policies.history import get_version, parse_head
from ratchet.policies.propose import propose
from ratchet.policies.version import Proposal
from ratchet.store.port import Ref, Store

TRAINER = machine("train_heuristics")
TOLD = 3  # features that a reason names


class Drafted(Model):
    """The version that carries a heuristic, and whether it was drafted now or was there."""

    version: str
    new: bool
    reasons: tuple[str, ...] = ()


def draft_heuristic(
    store: Store,
    keys: Keys,
    trained: Trained,
    *,
    now: datetime,
    actor: Actor = TRAINER,
    reason: str = "",
    notes: str = "",
) -> Drafted:
    """Propose a trained heuristic beside the active version's other params; nothing if equal.

    Which labels it learned from is recorded with the version.

    Raises: LearningOff for the machine; InvalidInput for a person without a reason; Forbidden.
    """
    reasons = reasons_of(trained)
    drafted = _draft(
        store, keys, actor, trained.policy, trained.heuristic, reasons, reason, now, notes
    )
    for agent, labels in trained.labels.items():
        record_use(store, f"version:{drafted.version}", agent, labels, now)
    return drafted


def upload_heuristic(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    agent: str,
    data: Mapping[str, Any],
    *,
    actor: Actor,
    reason: str,
    now: datetime,
) -> Drafted:
    """Propose a heuristic that was trained elsewhere, if it takes the agent's features.

    Raises: NotFound without a configuration of the agent; InvalidInput, Forbidden.
    """
    wanted, heuristic = wanted_of(reader, agent), Heuristic.parse(dict(data))
    if heuristic.agent != agent:
        raise _unfit("agent", f"it was trained for {heuristic.agent}, not for {agent}")
    if _plain(heuristic.features) != _plain(wanted.specs):
        raise _unfit("features", f"its features are not those that {agent} is configured with")
    if set(heuristic.arms) != set(wanted.arms) or heuristic.positive != wanted.positive:
        raise _unfit("scorers", f"it decides something else than {agent} is configured to")
    reasons = (f"trained elsewhere for {agent}: {', '.join(heuristic.decisions)}",)
    return _draft(store, keys, actor, wanted.policy, heuristic, reasons, reason, now)


def reasons_of(trained: Trained) -> tuple[str, ...]:
    """Return why a heuristic is proposed: its labels, its figures, and what it looks at."""
    told = []
    for name, report in trained.reports.items():
        leading = [f"{k} {v:.0%}" for k, v in list(report.importances.items())[:TOLD] if v]
        told.append(
            f"{name}: {report.labels} labels, {report.model}; left out, log loss "
            f"{report.log_loss:.4g} (share alone {report.baseline_log_loss:.4g}), "
            f"Brier {report.brier:.4g}, AUC {report.auc:.3g}, cost {report.cost:.4g} "
            f"(one answer {report.baseline_cost:.4g}); by {', '.join(leading) or 'nothing'}"
        )
    return tuple(told)


def _draft(
    store: Store,
    keys: Keys,
    actor: Actor,
    policy: str,
    heuristic: Heuristic,
    reasons: tuple[str, ...],
    reason: str,
    now: datetime,
    notes: str = "",
) -> Drafted:
    plain = heuristic.plain()
    if (there := _carrying(store, keys, policy, plain)) is not None:
        return Drafted(version=there, new=False, reasons=reasons)
    version = propose(
        store,
        keys,
        actor,
        policy,
        {PARAM: plain},
        partial=True,
        reason=reason,
        notes=notes,
        proposal=Proposal(tuner=actor.name, reasons=reasons),
        now=now,
    )
    return Drafted(version=version.key(), new=True, reasons=reasons)


def _carrying(store: Store, keys: Keys, policy: str, plain: Mapping[str, Any]) -> str | None:
    """Return the active version, or the open draft, that carries an equal heuristic."""
    found = store.get(Ref(PolicyHead.collection, policy))
    head = parse_head(found) if found else PolicyHead(id=policy)
    for number in (head.active, *reversed(head.drafts)):
        if number is None:
            continue
        version = get_version(store, keys, policy, number)
        if content_hash(version.params.get(PARAM)) == content_hash(plain):
            return version.key()
    return None


def _plain(specs: Features) -> dict[str, Any]:
    return {name: spec.model_copy(update={"about": ""}).to_map() for name, spec in specs.items()}


def _unfit(field: str, told: str) -> InvalidInput:
    return InvalidInput(told, field=field, mend="train it anew: ratchet heuristics train AGENT")
