"""Status: what is collected, kept and left out, how far a dataset is, and what training would cost.

No example is read: eleven counts, at a read for every thousand that are counted, and for each
dataset another count and three documents. That is some 300 reads at 100,000 examples, so it may be
asked for at any time; a schedule writes it down every six hours. What `verify` checks is not
checked here.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar

from ratchet.datasets.collecting.gather import GATHERERS
from ratchet.datasets.collecting.stop import samples_of, state_of
from ratchet.datasets.collecting.trace import DeadSample, DeadTrace
from ratchet.datasets.example import EXAMPLES
from ratchet.datasets.filter import FILTERS
from ratchet.datasets.settings import DatasetSettings
from ratchet.datasets.versions.progress import BuildProgress, read_progress
from ratchet.datasets.versions.version import (
    DATASETS,
    DatasetHead,
    DatasetVersion,
    dataset_key,
    dataset_stream,
)
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Document, Instant, Listed, Model
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.store.port import Filter, Query, Ref, Store

PLACES = 6


class Silver(Model):
    """What was collected for all datasets: examples in store by what became of them.

    `reasons` says why the collector did not keep the others. `withdrawn` are no longer kept. `dead`
    are traces that became no example; `stopped` sources wait for a person, and `samples` are some
    of the traces that stopped each.
    """

    collected: int
    kept: int
    withdrawn: int
    reasons: dict[str, int]
    dead: int
    stopped: Annotated[tuple[str, ...], Listed] = ()
    samples: dict[str, Annotated[tuple[DeadSample, ...], Listed]] = {}


class DatasetState(Model):
    """How far one dataset is.

    All but `versions` and `building` is of its latest version: `accepted` examples are in it, and
    `leftOut` says why others are not. `progress` is the share of `target` that is accepted, 1 at
    most. `costUsd` is what training on its tokens once costs, by model. `fault` says why the latest
    version cannot be read, where it cannot.
    """

    dataset: str
    latest: str | None = None
    versions: int = 0
    accepted: int = 0
    in_review: int = 0
    rejected: int = 0
    left_out: dict[str, int] = {}
    tokens: int = 0
    cost_usd: dict[str, float] = {}
    target: int
    progress: float = 0.0
    building: BuildProgress | None = None
    fault: str = ""


class DatasetStatus(Model):
    """How collecting is at one moment, and every dataset of the settings, by name."""

    at: Instant
    silver: Silver
    datasets: Annotated[tuple[DatasetState, ...], Listed] = ()


class DatasetReport(Document):
    """`ops_dataset_status/{dataset}`: the last status of one dataset that was written down."""

    collection: ClassVar[str] = "ops_dataset_status"

    at: Instant
    silver: Silver
    state: DatasetState

    def key(self) -> str:
        """Return the dataset."""
        return self.state.dataset


def dataset_status(store: Store, reader: ConfigReader, *, now: datetime) -> DatasetStatus:
    """Return what is collected, and how far every dataset of the settings is."""
    settings = reader.read(DatasetSettings)
    states = (_state(store, name, settings) for name in sorted(settings.datasets))
    return DatasetStatus(at=now, silver=_silver(store), datasets=tuple(states))


def report_datasets(store: Store, reader: ConfigReader, *, now: datetime) -> DatasetStatus:
    """Write the status of every dataset of the settings down, and return it."""
    status = dataset_status(store, reader, now=now)
    for state in status.datasets:
        report = DatasetReport(at=now, silver=status.silver, state=state)
        store.set(Ref(report.collection, report.key()), report.to_map())
    return status


def training_cost(tokens: int, prices: Mapping[str, float]) -> dict[str, float]:
    """Return what it costs to train on tokens once, by model.

    Units: prices in US dollars for a million tokens.

    >>> training_cost(1250 * 500, {"small": 8.0})
    {'small': 5.0}
    """
    return {model: round(tokens * price / 1e6, PLACES) for model, price in sorted(prices.items())}


def _silver(store: Store) -> Silver:
    """Count the examples of silver; some that have expired may not be removed yet."""
    gone, kept = Filter("withdrawnAt", ">", EPOCH), Filter("reason", "==", "")
    reasons = {reason: _count(store, Filter("reason", "==", reason)) for reason in FILTERS}
    stopped = tuple(name for name in GATHERERS if state_of(store, name) == "stopped")
    return Silver(
        collected=_count(store),
        kept=_count(store, kept) - _count(store, kept, gone),
        # By any reason, since withdrawals have no index of their own.
        withdrawn=_count(store, Filter("reason", "in", ["", *FILTERS]), gone),
        reasons={reason: count for reason, count in reasons.items() if count},
        dead=store.count(Query(DeadTrace.collection)),
        stopped=stopped,
        samples={name: found for name in stopped if (found := samples_of(store, name))},
    )


def _count(store: Store, *where: Filter) -> int:
    return store.count(Query(EXAMPLES, where))


def _state(store: Store, dataset: str, settings: DatasetSettings) -> DatasetState:
    """Return how far a dataset is; a broken version keeps no other from being told."""
    versions = store.count(Query(DATASETS, (Filter("dataset", "==", dataset),)))
    state = DatasetState(dataset=dataset, versions=versions, target=settings.target)
    try:
        state = state.model_copy(update={"building": read_progress(store, dataset)})
        latest = _latest(store, dataset)
    except (InvalidInput, NotFound) as error:
        return state.model_copy(update={"fault": error.message})
    return state if latest is None else _of_version(state, latest, settings)


def _latest(store: Store, dataset: str) -> DatasetVersion | None:
    """Return the version that a dataset's head names, None before the first.

    Raises: InvalidInput, NotFound.
    """
    found = store.get(Ref(DatasetHead.collection, dataset_stream(dataset)))
    head = DatasetHead.from_store(found.data) if found else None
    if head is None or head.latest is None:
        return None
    key = dataset_key(dataset, head.latest)
    stored = store.get(Ref(DATASETS, key))
    if stored is None:
        mend = "restore it from a backup, or build: ratchet dataset build " + dataset
        raise NotFound(f"{key} is gone, and the head of {dataset} names it", mend=mend)
    return DatasetVersion.from_store(stored.data)


def _of_version(
    state: DatasetState, version: DatasetVersion, settings: DatasetSettings
) -> DatasetState:
    held = version.statistics
    return state.model_copy(
        update={
            "latest": version.version,
            "accepted": held.examples,
            "in_review": version.left_out.get("in-review", 0),
            "rejected": version.left_out.get("rejected", 0),
            "left_out": dict(version.left_out),
            "tokens": held.tokens,
            "cost_usd": training_cost(held.tokens, settings.prices),
            "progress": round(min(1.0, held.examples / settings.target), PLACES),
        }
    )
