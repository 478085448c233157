"""Replay gate: what other weights would have earned on the log of what was drawn."""

from datetime import datetime

from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.amount import size_of
from ratchet.rollouts.gates.gate import Entered, Road
from ratchet.rollouts.metric import metric_named
from ratchet.rollouts.replay_document import Question, StoredReplay, question_of
from ratchet.rollouts.replay_read import read_log
from ratchet.rollouts.replay_store import HOURS, keep_replay, period_of

# Doubly robust with its weights scaled to 1: unbiased for propensities that are right, and of the
# least variance where the present weights made the log.
JUDGED_BY = "sndr"


def enter(road: Road) -> Entered:
    """Hold one version's weights against the champion's, on the same log of up to a day.

    It passes where the interval of the difference lies above -maxLoss, and is stopped where all of
    it lies below; else it waits. The interval is fixed-horizon, 95 %: of versions that lose just
    maxLoss one in forty passes at a look, and more of them where a draft is looked at every hour.
    """
    if len(road.versions) != 1:
        return Entered("not_asked", ("a log is replayed for one version at a time",))
    (version,) = road.versions
    try:
        question = question_of(road.champion, version)
    except InvalidInput as error:
        return Entered("not_asked", (error.message,))
    return _replayed(road, version, question)


def _replayed(road: Road, version: PolicyVersion, question: Question) -> Entered:
    hours = _hours(version, road.now)
    period = period_of(road.store, road.reader, now=road.now, hours=hours)
    log = read_log(road.store, road.keys, road.reader, road.champion, question, period)
    if log.is_undrawn:
        return Entered(
            "not_asked", (f"{question.param}: no observation names the chance of its arm",)
        )
    try:
        replay = keep_replay(
            road.store, road.keys, road.champion, version, question, period, log, now=road.now
        )
    except (InvalidInput, Refused) as error:  # of this log; another hour's may do
        return Entered("waits", (error.message,))
    return judged(replay, road.rules.max_loss, _unlogged(road))


def _unlogged(road: Road) -> str:
    """Return the goal where a log cannot value it: grades by people and runs come later."""
    goal = road.profile.goal.metric
    return goal if {"corrected", "runs"} & {*metric_named(goal).rests_on} else ""


def _hours(version: PolicyVersion, now: datetime) -> float:
    """Return how much of the log is asked: a day, or what the tuner held to be like the present."""
    if version.proposal is None or not version.proposal.window_hours:
        return HOURS
    since = (now - version.created_at) / HOUR + version.proposal.window_hours
    return max(1.0, min(HOURS, since))


def judged(replay: StoredReplay, max_loss: str, unlogged: str = "") -> Entered:
    """Return what a replay says of a loss that is allowed; it is of rewards, whatever the goal."""
    found, allowed = replay.result.difference[JUDGED_BY], _allowed(replay, max_loss)
    span = f"better by {found.low:.3g} to {found.high:.3g}"
    told = f"{replay.param}: {span} over {replay.log.rows} rows ({replay.id})"
    notes = [f"a log says nothing of {', '.join(replay.beside)}"] if replay.beside else []
    if unlogged:
        notes.append(f"a log says nothing of {unlogged}: rewards are replayed")
    if replay.result.target.doubt:
        notes.append(replay.result.target.doubt)
    evidence = {
        "replay": replay.id,
        "difference": {"value": found.value, "low": found.low, "high": found.high},
        "maxLoss": allowed,
    }
    if found.low > -allowed:
        return Entered("passed", (told, *notes), evidence)
    if found.high < -allowed:
        return Entered("stopped", (f"{told}: it loses more than {max_loss}", *notes), evidence)
    return Entered("waits", (f"{told}: not yet shown above -{allowed:.3g}", *notes), evidence)


def _allowed(replay: StoredReplay, max_loss: str) -> float:
    size = size_of(max_loss)
    worth = replay.result.champion.estimates[JUDGED_BY].value if size.relative else 1.0
    return size.value * worth
