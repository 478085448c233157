"""Weigh the judges of every agent against the labels of people, and read what they weigh."""

from collections.abc import Container, Sequence
from datetime import datetime, timedelta

from ratchet.govern.alerts import Alert, alert, raise_alert
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Model
from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import Conflict, InvalidInput, NotFound, RatchetError, Refused
from ratchet.labels.judge_accuracy import Accuracy, judge_accuracy
from ratchet.labels.judge_record import JudgeRecord, Records, records_of
from ratchet.labels.judge_weight import JudgeWeight, weight_of
from ratchet.labels.keep_weight import WeightChange, keep_weight
from ratchet.labels.read import agents_labelled
from ratchet.labels.settings import JudgeSettings
from ratchet.labels.uses import WEIGHTS, record_use
from ratchet.store.port import Filter, Query, Store

# A judge is reported where its weight moved by so much, or what is found of it is another.
MOVED = 0.01
# Of one agent in one night: anybody who may send judgements may name judges.
MOST = 200


class WeighReport(Model):
    """What a night did: agents and judges weighed, weights that changed, agents that failed.

    `graded` is of how many observations the judges' weighted word is another by that.
    """

    agents: int = 0
    judges: int = 0
    changed: tuple[WeightChange, ...] = ()
    graded: int = 0
    spoiled: int = 0
    failed: tuple[str, ...] = ()


def weigh_judges(
    store: Store, reader: ConfigReader, *, now: datetime, agent: str | None = None
) -> WeighReport:
    """Weigh the judges of one agent, or of all, by their judgements of the window.

    The same night again writes the same. The agents that have waited longest go first, so that one
    whose turn a deadline took is not passed by for good; one that fails stops no other.
    """
    settings = reader.read(JudgeSettings)
    agents = [agent] if agent is not None else _agents(store)
    changed: list[WeightChange] = []
    failed: list[str] = []
    judges = spoiled = 0
    for name in agents:
        try:
            found, left_out = _weigh(store, name, settings, now)
        except (Conflict, InvalidInput, NotFound, Refused) as error:
            failed.append(name)
            raise_alert(store, _failure(name, error, now))
            continue
        judges += len(found)
        spoiled += left_out
        changed += [change for change in found if _moved(change)]
    return WeighReport(
        agents=len(agents),
        judges=judges,
        changed=tuple(changed),
        spoiled=spoiled,
        failed=tuple(failed),
    )


def weights_of(store: Store, agent: str, tell: Tell | None = None) -> dict[str, JudgeWeight]:
    """Return the weight of each judge of an agent, by judge; one that cannot be read is told.

    Raises: InvalidInput where nobody is told.
    """
    query = Query(JudgeWeight.collection, (Filter("agent", "==", agent),))
    found = each(store.stream(query), weight_of, tell)
    return {weight.judge: weight for weight in found}


def _agents(store: Store) -> list[str]:
    """Return the agents with labels or weights; those weighed longest ago come first."""
    weighed: dict[str, datetime] = dict.fromkeys(agents_labelled(store), EPOCH)
    for found in store.stream(Query(JudgeWeight.collection)):
        name, ts = found.data.get("agent"), found.data.get("ts")
        if isinstance(name, str) and isinstance(ts, datetime):
            weighed[name] = max(ts, weighed.get(name, EPOCH))
    return sorted(weighed, key=lambda name: (weighed[name], name))


def _weigh(
    store: Store, agent: str, settings: JudgeSettings, now: datetime
) -> tuple[list[WeightChange], int]:
    """Weigh one agent's judges; returns what became of them, and how much could not be read."""
    spoiled: list[RatchetError] = []
    since = now - timedelta(days=settings.window_days)
    known = weights_of(store, agent, tell=spoiled.append)
    records = records_of(store, agent, since=since, now=now, tell=spoiled.append)
    heard, passed = _heard(records, settings)
    weighed = {judge: records.by_judge[judge] for judge in heard}
    weighed |= {j: r for j, r in records.by_judge.items() if j in known and not len(r.said)}
    new = [
        _weight(judge, agent, record, _accuracy(record, records, settings), now)
        for judge, record in weighed.items()
    ]
    silent = [w for judge, w in known.items() if judge not in weighed and _counts(w)]
    beyond = set(passed)
    new += [_silenced(weight, _silence(weight, beyond, settings), now) for weight in silent]
    found = [keep_weight(store, weight, settings) for weight in sorted(new, key=lambda w: w.judge)]
    if known or records.used:
        record_use(store, f"{WEIGHTS}{agent}", agent, records.used, now)
    if spoiled:
        raise_alert(store, _unread(agent, spoiled, now))
    if passed:
        raise_alert(store, _too_many(agent, passed, now))
    return found, len(spoiled)


def _heard(records: Records, settings: JudgeSettings) -> tuple[list[str], list[str]]:
    """Return the judges with the most labelled judgements, and those that are too many.

    Those that are configured come first, since anybody may send under any other name. One without
    any has nothing to be weighed by.
    """
    said = {judge: len(record.said) for judge, record in records.by_judge.items()}
    order = {j: (j not in settings.judges, -said[j], j) for j in said if said[j]}
    ordered = sorted(order, key=order.__getitem__)
    return ordered[:MOST], ordered[MOST:]


def _accuracy(record: JudgeRecord, records: Records, settings: JudgeSettings) -> Accuracy:
    judged = record.judged(len(records.classes))
    return judge_accuracy(judged, half_life=settings.half_life_days, bins=settings.bins)


def _weight(
    judge: str, agent: str, record: JudgeRecord, found: Accuracy, now: datetime
) -> JudgeWeight:
    reason = found.reason
    if not found.n and record.unlabelled:
        reason = f"nobody labelled what its {record.unlabelled} judgements are about"
    return JudgeWeight(
        judge=judge,
        agent=agent,
        weight=found.weight,
        plain=found.plain,
        agreement=found.agreement,
        chance_corrected=found.chance_corrected,
        calibration_error=found.calibration_error,
        n=found.n,
        effective_n=found.effective_n,
        finding=found.finding,
        reason=reason,
        versions=tuple(sorted(record.versions)),
        ts=now,
    )


def _counts(weight: JudgeWeight) -> bool:
    """Say whether a weight still says something of its judge."""
    return bool(weight.weight or weight.versions)


def _silence(weight: JudgeWeight, passed: Container[str], settings: JudgeSettings) -> str:
    if weight.judge in passed:
        return f"{MOST} other judges have more labelled judgements"
    return f"it judged nothing in the last {settings.window_days:g} days"


def _silenced(weight: JudgeWeight, reason: str, now: datetime) -> JudgeWeight:
    """Return the weight of a judge that is not heard: nothing, since no record bears it."""
    return JudgeWeight(
        judge=weight.judge,
        agent=weight.agent,
        weight=0.0,
        plain=0.0,
        agreement=0.0,
        chance_corrected=0.0,
        n=0,
        effective_n=0.0,
        finding="few",
        reason=reason,
        ts=now,
    )


def _moved(change: WeightChange) -> bool:
    return change.found or change.before is None or abs(change.after - change.before) >= MOVED


def _failure(agent: str, error: RatchetError, now: datetime) -> Alert:
    return alert(
        "judges-not-weighed",
        agent,
        "warning",
        f"the judges of {agent} could not be weighed: {error.message}",
        now=now,
        command=f"ratchet judges weights --update --agent {agent}",
        evidence=error.as_dict(),
    )


def _unread(agent: str, spoiled: Sequence[RatchetError], now: datetime) -> Alert:
    return alert(
        "judges-weighed-without",
        agent,
        "warning",
        f"{len(spoiled)} documents of {agent} could not be read: {spoiled[0].message}",
        now=now,
        command=f"ratchet judges weights --update --agent {agent}",
        evidence=spoiled[0].as_dict(),
    )


def _too_many(agent: str, passed: Sequence[str], now: datetime) -> Alert:
    return alert(
        "judges-too-many",
        agent,
        "warning",
        f"{agent} has {MOST + len(passed)} judges with labelled judgements: the {len(passed)} with"
        f" the fewest weigh nothing, such as {passed[0]}",
        now=now,
        command=f"ratchet judges weights --agent {agent}",
        evidence={"judges": len(passed), "first": list(passed[:10])},
    )
