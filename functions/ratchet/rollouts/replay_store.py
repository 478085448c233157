"""Replays of the stored log: run one and keep it, find it again, and compute it again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import metadata
from typing import Literal

from ratchet.govern.config import ConfigReader
from ratchet.kernel.canonical import canonical, content_hash
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import load_sealed, sealed
from ratchet.observe.epochs import current_epoch
from ratchet.observe.settings import Ingest
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import get_version
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.replay_difference import Against, replay_against
from ratchet.rollouts.replay_document import (
    REPLAYS,
    LogRead,
    Question,
    StoredReplay,
    question_of,
    replay_key,
    rounded,
)
from ratchet.rollouts.replay_log import REPLICATES, SEEDS
from ratchet.rollouts.replay_read import Log, Period, read_log
from ratchet.rollouts.running import require_active
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store

HOURS = 24.0
MAX_HOURS = 30 * 24.0
_MEND = "run it again: ratchet replay run POLICY VERSION"


class ReplayChecked(Model):
    """What computing a replay again found, over the same period of the log.

    `changed` are the hours whose rows are others since: late grades, or rows past their retention;
    then the figures may differ. `differs`: the rows are the same, and the figures are not.
    """

    replay: str
    result: Literal["equal", "changed", "differs"]
    rows: int
    rows_now: int
    changed: tuple[str, ...] = ()
    note: str = ""


def run_replay(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    policy_id: str,
    version: str,
    *,
    now: datetime,
    hours: float = HOURS,
) -> StoredReplay:
    """Replay a version's weights against the active one's on the last hours, and keep the result.

    Raises: NotFound, BadSignature; InvalidInput where a log cannot tell; Refused where this one
    cannot: no exploration, no propensities, too little.
    """
    if not 0 < hours <= MAX_HOURS:
        raise InvalidInput(
            f"{hours:g} hours", field="hours", mend=f"above 0 and up to {MAX_HOURS:g}"
        )
    champion = _champion(store, keys, policy_id)
    target = get_version(store, keys, policy_id, version)
    question = question_of(champion, target)
    period = period_of(store, reader, now=now, hours=hours)
    log = read_log(store, keys, reader, champion, question, period)
    return keep_replay(store, keys, champion, target, question, period, log, now=now)


def period_of(store: Store, reader: ConfigReader, *, now: datetime, hours: float = HOURS) -> Period:
    """Return the last hours of what has been scored by now."""
    until = now - reader.read(Ingest).lag
    epoch = current_epoch(store, reader, now=now).epoch
    return Period(until - timedelta(hours=hours), until, epoch)


def keep_replay(
    store: Store,
    keys: Keys,
    champion: PolicyVersion,
    target: PolicyVersion,
    question: Question,
    period: Period,
    log: Log,
    *,
    now: datetime,
) -> StoredReplay:
    """Replay a log and keep the result; the same log and the same versions give the same id.

    Raises: InvalidInput of a row that cannot be; Refused where the log cannot carry it.
    """
    _require_rows(log)
    result = _result(log, question, SEEDS, REPLICATES)
    replay = StoredReplay(
        id="",
        policy=champion.id,
        version=target.key(),
        champion=champion.key(),
        param=question.param,
        weights=dict(question.target),
        champion_weights=dict(question.champion),
        beside=question.beside,
        at=now,
        since=period.since,
        until=period.until,
        epoch=period.epoch,
        seeds=SEEDS,
        replicates=REPLICATES,
        log=log.read,
        result=result,
        code=_code(),
    )
    rests_on = {k: v for k, v in replay.to_map().items() if k not in ("id", "at", "seal")}
    key = replay_key(champion.id, target.key(), content_hash(rests_on))
    kept = sealed(keys, replay.model_copy(update={"id": key}))
    store.set(Ref(REPLAYS, key), kept.to_map())
    return kept


def get_replay(store: Store, keys: Keys, replay_id: str) -> StoredReplay:
    """Return one replay, with its seal checked.

    Raises: NotFound, BadSignature.
    """
    found = store.get(Ref(REPLAYS, replay_id))
    if found is None:
        raise NotFound(f"replay {replay_id} does not exist", field="replay", mend=_MEND)
    return _load(keys, found)


def last_replay(store: Store, keys: Keys, policy_id: str) -> StoredReplay:
    """Return a policy's newest replay.

    Raises: NotFound, BadSignature.
    """
    where = (Filter("policy", "==", policy_id),)
    for found in store.query(Query(REPLAYS, where, ("-at",), limit=1)):
        return _load(keys, found)
    raise NotFound(f"{policy_id} has no replay", field="replay", mend=_MEND)


def check_replay(store: Store, keys: Keys, reader: ConfigReader, replay_id: str) -> ReplayChecked:
    """Compute a replay again from the store: the same period, weights and seeds; writes nothing.

    Raises: NotFound, BadSignature.
    """
    kept = get_replay(store, keys, replay_id)
    champion, target = (
        get_version(store, keys, kept.policy, key.partition("@")[2])
        for key in (kept.champion, kept.version)
    )
    question = question_of(champion, target)
    period = Period(kept.since, kept.until, kept.epoch)
    log = read_log(store, keys, reader, champion, question, period)
    told = {"replay": kept.id, "rows": kept.log.rows, "rows_now": log.read.rows}
    note = "" if kept.code == _code() else f"computed by {kept.code}, now {_code()}"
    if changed := _changed(kept.log, log.read):
        return ReplayChecked(**told, result="changed", changed=changed, note=note)
    again = _result(log, question, kept.seeds, kept.replicates)
    same = canonical(again.to_map()) == canonical(kept.result.to_map())
    return ReplayChecked(**told, result="equal" if same else "differs", note=note)


def require_same(checked: ReplayChecked) -> None:
    """Stop at a replay whose figures do not follow from its rows; late grades are no fault.

    Raises: Refused.
    """
    if checked.result == "differs":
        raise Refused(
            f"{checked.replay} is not what follows from its rows",
            field="result",
            mend=checked.note or "compare ops_rewards with a backup, and find who could write",
        )


def _champion(store: Store, keys: Keys, policy_id: str) -> PolicyVersion:
    found = store.get(Ref(PolicyHead.collection, policy_id))
    if found is None:
        raise NotFound(
            f"policy {policy_id} does not exist", field="policy", mend="ratchet policy list"
        )
    key = require_active(PolicyHead.from_store(found.data))
    return get_version(store, keys, policy_id, key.partition("@")[2])


def _require_rows(log: Log) -> None:
    """Refuse a log with no draw in it, and say what was there instead.

    Raises: Refused.
    """
    if not log.read.rows:
        passed = ", ".join(f"{n} {why}" for why, n in log.read.passed_over.items())
        raise Refused(
            f"the log has no draw of these arms yet{f': {passed}' if passed else ''}",
            field="log",
            mend="record arm and propensity with each observation, and wait for some",
        )


def _result(log: Log, question: Question, seeds: Sequence[int], replicates: int) -> Against:
    found = replay_against(
        [log.chunk], question.target, question.champion, seeds=seeds, replicates=replicates
    )
    return Against.parse(rounded(found.to_map()))


def _changed(was: LogRead, now: LogRead) -> tuple[str, ...]:
    """Return the hours whose rows are not the same."""
    hours = sorted({*was.hours, *now.hours})
    return tuple(hour for hour in hours if was.hours.get(hour) != now.hours.get(hour))


def _load(keys: Keys, found: Snapshot) -> StoredReplay:
    return load_sealed(keys, StoredReplay, found.ref.id, found.data, mend=_MEND)


def _code() -> str:
    """Return the version of the program; a deployed function carries its sources alone."""
    try:
        return metadata.version("ratchet")
    except metadata.PackageNotFoundError:
        return "source"
