"""Datasets by HTTP: versions, examples without their words, dead letters, and golden sets."""

from typing import Literal

from ratchet.datasets.collecting.trace import DeadTrace
from ratchet.datasets.example import Domain, Example, SourceId, TaskType
from ratchet.datasets.versions.browse import (
    DatasetHistory,
    VersionShown,
    dataset_history,
    examples_query,
    load_example,
)
from ratchet.datasets.versions.browse import list_datasets as browse_datasets
from ratchet.datasets.versions.load import load_version
from ratchet.datasets.versions.version import DatasetVersion, dataset_key
from ratchet.entry.http.v1.paging import Page, Paged, page_of_list, page_of_query
from ratchet.entry.http.v1.route import Ask, Route
from ratchet.kernel.clock import micros
from ratchet.kernel.errors import RatchetError
from ratchet.observe.observation import Name
from ratchet.rollouts.golden.show import GoldenHistory, GoldenShown, list_golden, show_golden

MOST_DEAD = 500  # so many of the latest are paged through
SourceName = Literal["events", "labels", "runs", "trajectories"]
Why = Literal["", "not-successful", "no-output", "low-quality", "trivial", "too-long", "troubled"]


class WantedExamples(Paged):
    """Which examples of silver; an empty `reason` is of those that the collector kept."""

    source: SourceName | None = None
    source_id: SourceId | None = None
    task_id: SourceId | None = None
    component: Name | None = None
    domain: Domain | None = None
    task_type: TaskType | None = None
    reason: Why | None = None


class WantedDead(Paged):
    """Of which source; of all, unless it is named."""

    source: SourceName | None = None


class DeadRow(DeadTrace):
    """A dead letter with the id under which it is replayed."""

    id: str


def list_datasets(ask: Ask, query: Paged) -> Page[VersionShown]:
    """List the latest version of every dataset, in order of name."""
    broken: list[RatchetError] = []
    found = browse_datasets(ask.app.store, ask.app.keys, tell=broken.append)
    return page_of_list(ask, query, Page[VersionShown], found, lambda x: (x.dataset,), broken)


def get_dataset(ask: Ask, dataset: str) -> DatasetHistory:
    """Return the latest version of a dataset, and all that there are."""
    return dataset_history(ask.app.store, ask.app.keys, dataset)


def get_version(ask: Ask, dataset: str, version: str) -> DatasetVersion:
    """Return one version: its manifest's address, counts and signature; its words are exported."""
    return load_version(ask.app.store, ask.app.keys, dataset_key(dataset, version))


def list_examples(ask: Ask, query: WantedExamples) -> Page[Example]:
    """List examples in order of id, withdrawn ones too, without their words."""
    wanted = examples_query(
        source=query.source,
        source_id=query.source_id,
        task_id=query.task_id,
        component=query.component,
        domain=query.domain,
        task_type=query.task_type,
        reason=query.reason,
    )
    return page_of_query(ask, query, Page[Example], wanted, load_example)


def list_dead(ask: Ask, query: WantedDead) -> Page[DeadRow]:
    """List the latest 500 dead letters, the latest first."""
    from ratchet.datasets.collecting import dead

    broken: list[RatchetError] = []
    found = dead.list_dead(ask.app.store, query.source, MOST_DEAD, tell=broken.append)
    rows = [DeadRow(**dict(letter), id=letter.key()) for letter in found]
    return page_of_list(
        ask, query, Page[DeadRow], rows, lambda x: (-micros(x.last_at), x.id), broken
    )


def list_golden_sets(ask: Ask, query: Paged) -> Page[GoldenShown]:
    """List the golden sets in order of name, and what is left of each budget."""
    broken: list[RatchetError] = []
    found = list_golden(ask.app.store, ask.app.keys, tell=broken.append)
    return page_of_list(ask, query, Page[GoldenShown], found, lambda x: (x.name,), broken)


def get_golden_set(ask: Ask, set: str) -> GoldenHistory:
    """Return a golden set and every look at it; single scores are in no answer."""
    return show_golden(ask.app.store, ask.app.keys, set)


ROUTES = (
    Route("GET", "/v1/datasets", list_datasets, Page[VersionShown], query=Paged),
    Route("GET", "/v1/datasets/{dataset}", get_dataset, DatasetHistory),
    Route("GET", "/v1/datasets/{dataset}/versions/{version}", get_version, DatasetVersion),
    Route("GET", "/v1/examples", list_examples, Page[Example], query=WantedExamples),
    Route("GET", "/v1/dead-traces", list_dead, Page[DeadRow], query=WantedDead),
    Route("GET", "/v1/golden-sets", list_golden_sets, Page[GoldenShown], query=Paged),
    Route("GET", "/v1/golden-sets/{set}", get_golden_set, GoldenHistory),
)
