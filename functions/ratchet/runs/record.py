"""Record runs: a run once, a changed telling of it as a revision, and the newest one counts.

The loss is computed when a run is told, of what it tells; `count` adds what was observed of it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.kernel.document import Model
from ratchet.kernel.errors import (
    AlreadyExists,
    Conflict,
    InvalidBatch,
    InvalidInput,
    RatchetError,
    Refused,
)
from ratchet.kernel.fault import WHOLE
from ratchet.kernel.ids import shard_of
from ratchet.kernel.keys import Keys
from ratchet.observe.observation import Rejection
from ratchet.observe.run_totals import RunObserved
from ratchet.observe.settings import Ingest
from ratchet.runs.compute import awaited, run_loss, unbudgeted, unread
from ratchet.runs.loss import RunLoss
from ratchet.runs.run import MAX_REVISIONS, Revision, Run, RunRevision, revision_ref, run_ref
from ratchet.runs.settings import RunLossSettings
from ratchet.runs.telling import Telling, check_telling
from ratchet.store.port import Store
from ratchet.store.transact import Transaction

MAX_RUNS = 100


class RunRecorded(Model):
    """The answer: which revision it is, whether it was known, and its loss of what is told so far.

    `counts` is the revision that counts, the newest, and `counts_loss` its loss. `unread` are
    metrics and checks that no term reads, `awaits` terms that observations may still tell, `wants`
    terms that are not known for want of a budget, each with the field that tells it.
    """

    run_id: str
    revision: int
    duplicate: bool = False
    loss: RunLoss
    counts: int
    counts_loss: float | None = None
    unread: tuple[str, ...] = ()
    awaits: tuple[str, ...] = ()
    wants: dict[str, str] = {}


class RunsRecorded(Model):
    """The answer to several: those that were taken, in their order, and those that were not."""

    runs: tuple[RunRecorded, ...] = ()
    rejected: tuple[Rejection, ...] = ()


def record_runs(
    store: Store, keys: Keys, payload: Any, *, reader: ConfigReader, now: datetime
) -> RunsRecorded:
    """Store one run, or up to 100 as a list or `{"runs": [...]}`.

    Good runs are stored though others are refused; to send them again changes nothing.

    Raises: InvalidBatch when every run of several is refused, and what `record_run` raises of one.
    """
    raw = _unpack(payload)
    if raw is None:
        return RunsRecorded(runs=(record_run(store, keys, payload, reader=reader, now=now),))
    taken: list[RunRecorded] = []
    rejected: list[Rejection] = []
    for index, item in enumerate(raw):
        try:
            taken.append(record_run(store, keys, item, reader=reader, now=now))
        except (InvalidInput, Refused, Conflict) as error:
            rejected.append(_rejection(index, error))
    if not taken:
        first = rejected[0]
        told = f"all {len(rejected)} runs were refused; the first: {first.field}: {first.reason}"
        raise InvalidBatch(told, rejected=rejected, field="runs", mend="mend the fields named")
    return RunsRecorded(runs=tuple(taken), rejected=tuple(rejected))


def _unpack(payload: Any) -> Sequence[Any] | None:
    """Return the runs of a batch, or None of one run by itself."""
    if isinstance(payload, Mapping) and "runs" not in payload:
        return None
    raw: Any = payload["runs"] if isinstance(payload, Mapping) else payload
    extra = sorted(map(str, set(payload) - {"runs"})) if isinstance(payload, Mapping) else []
    if extra:
        raise InvalidInput(f"unknown field {extra[0]}", field=extra[0], mend="take it out")
    if not isinstance(raw, list | tuple) or not 1 <= len(raw) <= MAX_RUNS:
        raise InvalidInput(
            f"runs wants 1 to {MAX_RUNS} runs",
            field="runs",
            mend=f"send an array of 1 to {MAX_RUNS}, the rest in others",
        )
    return raw


def _rejection(index: int, error: RatchetError) -> Rejection:
    reason = error.message
    for what in ("run", "run report"):
        reason = reason.removeprefix(f"{what}: {error.field}: ")
    return Rejection(index=index, field=error.field or WHOLE, reason=reason)


def record_run(
    store: Store, keys: Keys, payload: Any, *, reader: ConfigReader, now: datetime
) -> RunRecorded:
    """Store one run as it is told; changed, it is a new revision, and the newest one counts.

    Content that is known already, as any revision, changes nothing. Whoever may tell revisions out
    of order numbers them by `revision`: one below the newest is kept, and changes nothing else;
    a new number is a new revision though its content was told before. Ids are of the whole store: a
    run keeps its tenant and its component.

    Raises: InvalidInput that names the field, TooLarge, Conflict for a revision's number with other
    content and for another tenant or component, Refused over 100 revisions.
    """
    settings = reader.read(RunLossSettings)
    telling = check_telling(payload, keys, now=now, retention=settings.retention)
    loss = run_loss(settings, telling.report, RunObserved(), now=now)
    new = _first(telling, loss, settings, reader.read(Ingest), now)
    try:
        store.create(run_ref(telling.report.run_id), new.to_map())
    except AlreadyExists:
        tell = partial(_tell_again, telling=telling, new=new)
        return store.transact(tell, self_checking=True)
    return _answer(new.revision, new, new)


def _first(
    telling: Telling, loss: RunLoss, settings: RunLossSettings, ingest: Ingest, now: datetime
) -> Run:
    """Return a run that was never told before."""
    report, number = telling.report, telling.number or 1
    told = Revision(number=number, content_hash=telling.content_hash, at=now, loss=loss.loss)
    return Run(
        component=report.component,
        ts=report.ts,
        report=report,
        revision=number,
        revisions=(told,),
        loss=loss,
        shard=shard_of(report.run_id, ingest.shards),
        changed_at=now,
        expire_at=report.ts + settings.retention,
    )


def _answer(number: int, told: Run | RunRevision, run: Run, duplicate: bool = False) -> RunRecorded:
    """Return the answer about one telling of a run, as it is after it."""
    return RunRecorded(
        run_id=told.report.run_id,
        revision=number,
        duplicate=duplicate,
        loss=told.loss,
        counts=run.revision,
        counts_loss=run.loss.loss,
        unread=unread(told.report),
        awaits=awaited(told.report, told.loss),
        wants=unbudgeted(told.report, RunObserved()),
    )


def _tell_again(tx: Transaction, *, telling: Telling, new: Run) -> RunRecorded:
    """Keep another telling of a run that there is; a body of a transaction."""
    known = tx.find(Run, new.key())
    if known is None:  # it expired meanwhile
        tx.put(new)
        return _answer(new.revision, new, new)
    _check_owner(known, telling)
    same = _known_as(known, telling)
    if same is not None:
        older = None if same == known.revision else _older(tx, known, same)
        return _answer(same, older or known, known, duplicate=True)
    if len(known.revisions) >= MAX_REVISIONS:
        raise Refused(
            f"run {new.report.run_id} has {MAX_REVISIONS} revisions",
            field="revision",
            mend="tell it as another run, with a runId of its own",
        )
    number = telling.number or known.revision + 1
    (told,) = new.revisions
    told = told.model_copy(update={"number": number})
    revisions = tuple(sorted((*known.revisions, told), key=lambda r: r.number))
    until = max(known.expire_at, new.expire_at)
    if number < known.revision:
        tx.put(_set_aside(new, number, new.changed_at))
        tx.put(known.model_copy(update={"revisions": revisions, "expire_at": until}))
        return _answer(number, new, known)
    (last,) = (r for r in known.revisions if r.number == known.revision)
    tx.put(_set_aside(known, known.revision, last.at))
    kept = {"counted": known.counted, "shard": known.shard, "expire_at": until}
    changed = new.model_copy(update={"revision": number, "revisions": revisions} | kept)
    tx.put(changed)
    return _answer(number, changed, changed)


def _check_owner(known: Run, telling: Telling) -> None:
    """Refuse another run under the id of this one; what is known by its content is no other.

    Raises: Conflict.
    """
    if any(told.content_hash == telling.content_hash for told in known.revisions):
        return
    new = telling.report
    for field in ("tenant", "component"):
        if getattr(new, field) != getattr(known.report, field):
            raise Conflict(
                f"run {new.run_id} is known of another {field}",
                field=field,
                mend="use another runId: an id is of the whole store",
            )


def _known_as(known: Run, telling: Telling) -> int | None:
    """Return the number under which a telling is known, if it is.

    Raises: Conflict where its own number was told with other content.
    """
    hashes = {revision.number: revision.content_hash for revision in known.revisions}
    if telling.number is None:
        same = [number for number, told in hashes.items() if told == telling.content_hash]
        return max(same, default=None)
    if telling.number not in hashes:
        return None
    if hashes[telling.number] != telling.content_hash:
        raise Conflict(
            f"revision {telling.number} of run {telling.report.run_id} was told with other content",
            field="revision",
            mend="send it with the next number, or without one",
        )
    return telling.number


def _older(tx: Transaction, known: Run, number: int) -> RunRevision | None:
    return tx.find(RunRevision, revision_ref(known.report.run_id, number).id)


def _set_aside(run: Run, number: int, at: datetime) -> RunRevision:
    """Return a telling as it is kept beside the newest."""
    return RunRevision(
        number=number, report=run.report, loss=run.loss, at=at, expire_at=run.expire_at
    )
