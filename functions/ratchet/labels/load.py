"""Load labels: each feed from where it was last read to, and a little before.

What comes again changes nothing, so a cursor is no part of any transaction; and a feed that fails,
or a document that cannot be read, stops no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.config import CHECKPOINTS, ConfigReader
from ratchet.kernel.clock import EPOCH, HOUR
from ratchet.kernel.document import Model
from ratchet.kernel.errors import BadSignature, InvalidInput, RatchetError, Refused
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.kernel.registry import pick
from ratchet.labels.feeds import FEEDS
from ratchet.labels.feeds.feed import Look, Stream
from ratchet.labels.label import Label
from ratchet.labels.settings import JudgeSettings, LabelSettings
from ratchet.labels.write import CHUNK, withdrawn_among, write_labels
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store, value_at
from ratchet.store.transact import Transaction

PAGE = 100
# A commit may show late, behind what was read: so what came a moment ago may be read at once.
OVERLAP = HOUR
SHOWN = 20  # documents that an alert names


class FeedReport(Model):
    """What one feed brought: documents read, labels new or changed, documents that wait.

    `withdrawn` are labels of pairs that were withdrawn, and stay so whatever comes. `refused` could
    not be read, and an alert names them. `error` is why the feed stopped.
    """

    read: int = 0
    labels: int = 0
    withdrawn: int = 0
    waiting: int = 0
    refused: int = 0
    error: str = ""


class LoadReport(Model):
    """How many labels are new or changed, and what each feed brought, by name."""

    labels: int
    feeds: dict[str, FeedReport]


@dataclass(frozen=True)
class _Job:
    """One feed to load, until now, and from when again; `judges` say nothing that is a label."""

    store: Store
    keys: Keys
    feed: str
    settings: LabelSettings
    judges: frozenset[str]
    now: datetime
    since: datetime | None


def load_labels(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    *,
    now: datetime,
    feed: str | None = None,
    since: datetime | None = None,
) -> LoadReport:
    """Load what is new in each feed that `config/labels` has on, or in one of them.

    With `since`, what came from then on is read again. It works with learning off: labels are data.

    Raises: InvalidInput for a feed that is not known; Refused for one that is off.
    """
    settings = reader.read(LabelSettings)
    judges = frozenset(reader.read(JudgeSettings).judges)
    shards = max(reader.read(Ingest).shards, shards_ever(store))
    reports = {
        name: _load_feed(_Job(store, keys, name, settings, judges, now, since), shards)
        for name in _wanted(settings, feed)
    }
    return LoadReport(labels=sum(one.labels for one in reports.values()), feeds=reports)


def _wanted(settings: LabelSettings, feed: str | None) -> list[str]:
    """Return the feeds that are on, or the one that is asked for."""
    on = [name for name in FEEDS if getattr(settings, name)]
    if feed is None:
        return on
    pick(FEEDS, feed, field="feed")
    if feed not in on:
        raise Refused(
            f"the feed {feed} is off", field="feed", mend=f"set {feed} to true in config/labels"
        )
    return [feed]


def _load_feed(job: _Job, shards: int) -> FeedReport:
    """Load one feed, as far as it goes."""
    report = FeedReport()
    try:
        for stream in FEEDS[job.feed].streams(shards):
            report = _load_stream(job, stream, report)
    except RatchetError as error:
        about = alert(
            "labels-feed-failed",
            job.feed,
            "warning",
            f"the feed {job.feed} of labels stopped: {error.message}",
            now=job.now,
            command=f"ratchet labels load --feed {job.feed}",
            evidence=error.as_dict(),
        )
        raise_alert(job.store, about)
        return report.model_copy(update={"error": error.message})
    return report


def _load_stream(job: _Job, stream: Stream, report: FeedReport) -> FeedReport:
    ref = Ref(CHECKPOINTS, join_key("labels", job.feed, stream.name))
    where = (*stream.where, Filter(stream.at, "<=", job.now))
    after, held = (_start(job, job.store.get(ref)), ""), None
    while True:
        query = Query(stream.collection, where, (stream.at,), PAGE, after)
        if not (page := job.store.query(query)):
            return report
        report, waiting = _load_page(job, page, report)
        if held is None and waiting:
            held = value_at(waiting[0].data, stream.at)
        last = value_at(page[-1].data, stream.at)
        # What waits is read again next time, and so is all that came after it.
        job.store.set(ref, {"v": 1, "at": held or last})
        if len(page) < PAGE:
            return report
        after = (last, page[-1].ref.id)


def _start(job: _Job, cursor: Snapshot | None) -> datetime:
    """Return from when on to read; where the clock was set back, as far behind it as ahead."""
    at = cursor.data.get("at") if cursor else None
    if not isinstance(
        at, datetime
    ):  # none yet, or broken by hand: what comes again changes nothing
        return EPOCH
    behind = min(at, job.now - (at - job.now)) - OVERLAP
    return behind if job.since is None else min(behind, job.since)


def _load_page(
    job: _Job, page: Sequence[Snapshot], report: FeedReport
) -> tuple[FeedReport, Sequence[Snapshot]]:
    """Write the labels of a page, and tell of what it holds that cannot be read."""
    refused: list[BadSignature | InvalidInput] = []
    look = Look(job.store, job.keys, job.settings, job.judges, job.now, refused.append)
    found = FEEDS[job.feed].read(look, page)
    chunks = (found.labels[at : at + CHUNK] for at in range(0, len(found.labels), CHUNK))
    written = [_write(look, chunk) for chunk in chunks]
    if refused:  # before the cursor moves, so that it is not forgotten
        _tell(job, refused)
    done = FeedReport(
        read=report.read + len(page),
        labels=report.labels + sum(changed for changed, _ in written),
        withdrawn=report.withdrawn + sum(gone for _, gone in written),
        waiting=report.waiting + len(found.waiting),
        refused=report.refused + len(refused),
    )
    return done, found.waiting


def _write(look: Look, labels: Sequence[Label]) -> tuple[int, int]:
    """Write labels; those that keep a chunk from being written are found, and left out.

    Returns how many changed something, and how many are of withdrawn pairs.
    """

    def body(tx: Transaction) -> tuple[int, int]:
        gone = withdrawn_among(tx, (label.key() for label in labels))
        return write_labels(tx, labels), sum(label.key() in gone for label in labels)

    try:
        return look.store.transact(body, self_checking=True)
    except InvalidInput as error:
        if len(labels) == 1:
            about = f"label {labels[0].key()} of {labels[0].agent}: {error.message}"
            look.tell(InvalidInput(about, field=error.field, mend=error.mend))
            return 0, 0
    half = len(labels) // 2
    first, second = _write(look, labels[:half]), _write(look, labels[half:])
    return first[0] + second[0], first[1] + second[1]


def _tell(job: _Job, refused: Sequence[RatchetError]) -> None:
    about = alert(
        "labels-not-loaded",
        job.feed,
        "warning",
        f"{len(refused)} documents of the feed {job.feed} are no labels, and want mending: "
        + refused[0].message,
        now=job.now,
        command=f"ratchet labels load --feed {job.feed} --since 7d",
        evidence={"documents": [error.message for error in refused[:SHOWN]]},
    )
    raise_alert(job.store, about)
