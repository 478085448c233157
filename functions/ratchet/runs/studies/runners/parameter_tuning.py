"""`parameter_tuning`: the tuners look at the policy, and what they suggest is drafted and replayed.

What they say hangs on chance where they draw: they are asked under several seeds, and a draft is
made only of what most of them say.
"""

from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean, stdev
from typing import Any

from ratchet.kernel.errors import InvalidInput, NotFound, Refused
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import get_version, parse_head
from ratchet.policies.propose import propose
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.gates.replay import JUDGED_BY
from ratchet.rollouts.replay_store import run_replay
from ratchet.runs.studies.own_draft import own_draft
from ratchet.runs.studies.runners.runner import Desk
from ratchet.runs.studies.study import Result, Stability, Study, study_note
from ratchet.stats.intervals import Interval
from ratchet.store.port import Ref
from ratchet.tune import TUNERS
from ratchet.tune.auto_tune import proposal_of
from ratchet.tune.look import look
from ratchet.tune.standing import standing_draft, stands
from ratchet.tune.view import Suggestion, View

Said = Mapping[str, Suggestion]


def run(desk: Desk, study: Study) -> Result:
    """Ask the tuners under several seeds, draft what most of them say, and replay the draft.

    The gain is that of the replay, in mean reward per observation; that which the tuner expects,
    where no log can tell.
    """
    head = _head(desk, study)
    version = get_version(desk.store, desk.keys, head.id, head.active or "")
    view, sources = look(desk.store, desk.keys, desk.reader, version, now=desk.now)
    own = own_draft(desk.store, desk.keys, head.id, study.id)
    said = [_ask(replace(view, seed=seed)) for seed in _seeds(view.seed, desk.settings.seeds)]
    stability = _stability(version, said)
    if own is not None:  # of an attempt that died
        return _replayed(desk, own, stability)
    params = _merged(version, said[0])
    if params == version.params:
        return _nothing(stability, *(reason for s in said[0].values() for reason in s.reasons))
    if 2 * stability.agreeing <= stability.seeds:
        return _nothing(stability, f"{stability.agreeing} of {stability.seeds} seeds say the same")
    standing = standing_draft(desk.store, desk.keys, head, version, params)
    if standing is not None:
        return _nothing(stability, f"{standing.key()} is a draft that says the same")
    draft = propose(
        desk.store,
        desk.keys,
        desk.actor,
        head.id,
        params,
        now=desk.now,
        notes=study_note(study.id),
        reason=desk.reason,
        proposal=proposal_of(said[0], sources, desk.now),
    )
    return _replayed(desk, draft, stability)


def _head(desk: Desk, study: Study) -> PolicyHead:
    """Return the head of a policy that can be tuned now.

    Raises: NotFound, Refused.
    """
    found = desk.store.get(Ref(PolicyHead.collection, study.policy))
    head = parse_head(found) if found else PolicyHead(id=study.policy)
    if head.active is None:
        raise NotFound(
            f"no version of {study.policy} is active",
            field="policy",
            mend=f"ratchet policy list {study.policy}, and activate one",
        )
    if head.rollout:
        raise Refused(
            f"{study.policy} is frozen while rollout {head.rollout} runs",
            field="policy",
            mend=f"ratchet rollout show {head.rollout}, and start the study when it has ended",
        )
    return head


def _seeds(first: int, n: int) -> list[int]:
    """Return the seed that the tuner takes by itself, and others."""
    return [(first + i) % 2**64 for i in range(n)]


def _ask(view: View) -> Said:
    return {name: tuner(view) for name, tuner in TUNERS.items()}


def _merged(version: PolicyVersion, said: Said) -> dict[str, Any]:
    return dict(version.params) | {k: v for s in said.values() for k, v in s.params.items()}


def _stability(version: PolicyVersion, said: list[Said]) -> Stability:
    """Return how many seeds say what the first does, and how far their expected gains scatter."""
    first = version.model_copy(update={"params": _merged(version, said[0])})
    agreeing = sum(stands(first, _merged(version, one)) for one in said)
    gains = [s.gain[0] for one in said for s in one.values() if s.gain]
    return Stability(
        seeds=len(said),
        agreeing=agreeing,
        mean=fmean(gains) if gains else None,
        sd=stdev(gains) if len(gains) > 1 else None,
    )


def _nothing(stability: Stability, *reasons: str) -> Result:
    told = tuple(reason[:1000] for reason in reasons)
    return Result(state="failed", stability=stability, cost_usd=0.0, reasons=told)


def _replayed(desk: Desk, draft: PolicyVersion, stability: Stability) -> Result:
    """Return a draft with what a replay of the log says of it, or why none can say."""
    why = draft.proposal
    gain = why.expected_gain if why else None
    interval = None
    if why and why.gain_low is not None and why.gain_high is not None:
        interval = Interval(low=why.gain_low, high=why.gain_high)
    try:
        replay = run_replay(
            desk.store, desk.keys, desk.reader, draft.id, draft.version, now=desk.now
        )
    except (InvalidInput, Refused) as error:
        told = f"no replay: {error.message}"
    else:
        found = replay.result.difference[JUDGED_BY]
        gain, interval = found.value, Interval(low=found.low, high=found.high)
        told = f"replayed over {replay.log.rows} rows: {replay.id}"
    reasons = (told, *(why.reasons if why else ()))
    return Result(
        state="succeeded",
        version=draft.key(),
        gain=gain,
        gain_interval=interval,
        stability=stability,
        cost_usd=0.0,
        reasons=tuple(reason[:1000] for reason in reasons),
    )
