"""Build: make the next version of a dataset of what silver has; whole, or not there at all.

What is put in blobs on the way is named by its content, so that a build which died is done again to
the same end; the version appears with its head and its audit entry in one transaction.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from ratchet.datasets.curate.review import ask_about, review_answers
from ratchet.datasets.guard.diversity import tell_diversity
from ratchet.datasets.guard.lineage import descent_of, forebears
from ratchet.datasets.guard.overlap import guarded_of
from ratchet.datasets.settings import DatasetSettings, DatasetSpec
from ratchet.datasets.versions.assemble import Assembly, Case, assemble
from ratchet.datasets.versions.commit import commit_version
from ratchet.datasets.versions.crew import Crew, Here
from ratchet.datasets.versions.draft import draft_version, is_same, present_codes, put_lists
from ratchet.datasets.versions.empty import require_some
from ratchet.datasets.versions.fence import read_fence
from ratchet.datasets.versions.index import write_index
from ratchet.datasets.versions.load import entries_of, latest_version, ledger_of, load_version
from ratchet.datasets.versions.prepare import MEASURES
from ratchet.datasets.versions.progress import Tell, Track
from ratchet.datasets.versions.read import Silver, without_erased
from ratchet.datasets.versions.unreadable import tell_answers, tell_unreadable
from ratchet.datasets.versions.version import Codes, DatasetVersion, Statistics, dataset_key
from ratchet.datasets.versions.withdraw import withdrawn_ids
from ratchet.datasets.versions.words import normal_words
from ratchet.govern.config import ConfigReader
from ratchet.govern.flags import Flags, require_learning
from ratchet.govern.roles import Actor, require_admin, require_reason
from ratchet.kernel.document import Model
from ratchet.kernel.errors import NotFound, NotWhole, RatchetError
from ratchet.kernel.keys import Keys
from ratchet.labels.settings import JudgeSettings
from ratchet.store.blobs import Blobs
from ratchet.store.port import Store


class Built(Model):
    """The latest version of a dataset after a build; `new` is False where nothing had changed.

    `leftOut` counts by reason what this build read and the version does not hold, `asked` are
    questions to people that it began.
    """

    dataset: str
    version: str
    hash: str
    new: bool
    read: int
    left_out: dict[str, int]
    statistics: Statistics
    asked: int = 0


def build_dataset(
    store: Store,
    blobs: Blobs,
    keys: Keys,
    reader: ConfigReader,
    actor: Actor,
    dataset: str,
    *,
    now: datetime,
    workers: int = 1,
    crew: Crew | None = None,
    tell: Tell | None = None,
    reason: str | None = None,
) -> Built:
    """Make the next version of a dataset; none where it would hold what the latest does.

    Examples are read and chunks written by a crew, else by this process and its `workers`.

    Raises: NotFound without such a dataset, Forbidden, LearningOff for the machine, Refused where
    nothing would be in it, Conflict where another was built meanwhile, BadSignature, NotWhole.
    """
    if reason is not None:  # a build needs none, and one that is given says something
        require_reason(actor, reason, "building for a reason")
    order = _order(store, blobs, keys, reader, actor, dataset, now)
    track = Track(store, dataset, tell, now)
    try:
        built = _build(order, crew or Here(store, blobs, workers), track, reason or "")
    except RatchetError as error:
        track.stop(error)
        raise
    track.end()
    return built


@dataclass(frozen=True)
class _Order:
    """What is to be built, by which rules, after which version."""

    store: Store
    blobs: Blobs
    keys: Keys
    reader: ConfigReader
    actor: Actor
    dataset: str
    now: datetime
    settings: DatasetSettings
    spec: DatasetSpec
    codes: Codes
    seen: int
    parent: DatasetVersion | None


def _order(
    store: Store,
    blobs: Blobs,
    keys: Keys,
    reader: ConfigReader,
    actor: Actor,
    dataset: str,
    now: datetime,
) -> _Order:
    if actor.kind != "machine":
        require_admin(actor, "building a dataset")
    settings = reader.read(DatasetSettings)
    spec = settings.spec_of(dataset)
    require_learning(reader.read(Flags), actor, f"build {dataset}")
    return _Order(
        store,
        blobs,
        keys,
        reader,
        actor,
        dataset,
        now,
        settings,
        spec,
        present_codes(settings),
        read_fence(store).taken,
        latest_version(store, keys, dataset),
    )


def _build(order: _Order, crew: Crew, track: Track, reason: str) -> Built:
    parts = (*(order.parent.index if order.parent else ()), *track.parts)
    silver = crew.read(parts, order.settings.near_duplicate, track)
    try:
        return _made(order, crew, silver, track, reason)
    except (NotFound, NotWhole):  # maybe words that were erased since they were measured
        whole = without_erased(order.blobs, silver)
        if whole is None:
            raise
        return _made(order, crew, whole, track, reason)


def _made(order: _Order, crew: Crew, silver: Silver, track: Track, reason: str) -> Built:
    track.at("assemble", 0, len(silver.prepared))
    case = _case(order, silver)
    assembly = assemble(silver.prepared, case)
    lost = {key: e for key, e in silver.unreadable.items() if key not in case.withdrawn}
    for key in silver.unreadable:
        assembly.left_out[key] = "unreadable" if key in lost else "withdrawn"
    tell_unreadable(order.store, order.dataset, lost, now=order.now)
    doubtful = assembly.review
    asked = ask_about(order.store, order.blobs, doubtful, reader=order.reader, now=order.now)
    require_some(order.dataset, order.spec, silver.prepared, assembly)
    version, new = _write(order, crew, silver, assembly, track, reason)
    _tell_diversity(order, version)
    return Built(
        dataset=order.dataset,
        version=version.key(),
        hash=version.hash,
        new=new,
        read=len(assembly.entries) + len(assembly.left_out),
        left_out=dict(sorted(Counter(assembly.left_out.values()).items())),
        statistics=version.statistics,
        asked=asked,
    )


def _case(order: _Order, silver: Silver) -> Case:
    """Return what the assembling knows beside the examples."""
    examples = [one.example for one in silver.prepared]
    place = {one.example.id: one.content for one in silver.prepared}
    parent, judges = order.parent, order.reader.read(JudgeSettings)
    descent = descent_of(order.store, order.dataset, order.spec, judges)
    above = forebears(order.store, examples, silver.unreadable)
    broken: list[RatchetError] = []
    answers = review_answers(order.store, examples, tell=broken.append)
    tell_answers(order.store, order.dataset, broken, now=order.now)
    return Case(
        dataset=order.dataset,
        spec=order.spec,
        settings=order.settings,
        ledger=ledger_of(order.blobs, parent),
        parent={e.id: e.content for e in entries_of(order.blobs, parent)} if parent else {},
        known=parent is not None and parent.codes.dedupe == order.codes.dedupe,
        descent=descent.over([*examples, *above], order.spec),
        guarded=guarded_of(order.store, order.blobs, order.keys, order.dataset),
        answers=answers,
        text_of=lambda name: normal_words(order.blobs, place[name]),
        judged=silver.judged,
        withdrawn=withdrawn_ids(order.store),
    )


def _write(
    order: _Order, crew: Crew, silver: Silver, assembly: Assembly, track: Track, reason: str
) -> tuple[DatasetVersion, bool]:
    """Return the version that holds what was assembled, and whether it is new."""
    lists = put_lists(order.blobs, assembly)
    if order.parent and is_same(order.parent, order.spec, order.codes, lists):
        return order.parent, False
    total = len(assembly.entries)
    track.at("write", 0, total)
    version = draft_version(
        order.dataset,
        order.parent,
        order.spec,
        order.codes,
        assembly,
        lists,
        crew.write(assembly.entries, lists.manifest, lambda n: track.at("write", n, total)),
        write_index(order.blobs, silver.prepared, MEASURES),
        actor=order.actor,
        now=order.now,
    )
    new = commit_version(
        order.store,
        order.keys,
        order.actor,
        version,
        order.parent,
        seen=order.seen,
        reason=reason,
        now=order.now,
    )
    return version, new


def _tell_diversity(order: _Order, version: DatasetVersion) -> None:
    """Compare a version's diversity with its parent's, also where the build before died here."""
    parent = None
    if version.parent:
        key = dataset_key(version.dataset, version.parent)
        parent = load_version(order.store, order.keys, key).statistics.diversity
    tell_diversity(
        order.store,
        order.dataset,
        version.version,
        version.statistics.diversity,
        parent=parent,
        fall_by=order.settings.fall_by,
        now=order.now,
    )
