"""Browse datasets: their versions by name, and the examples of silver; words are in no answer."""

from typing import Annotated

from ratchet.datasets.example import EXAMPLES, Domain, Example, TaskType
from ratchet.datasets.versions.load import latest_version, list_versions
from ratchet.datasets.versions.version import DatasetHead, DatasetVersion, dataset_stream
from ratchet.kernel.document import Instant, Listed, Model
from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import NotFound
from ratchet.kernel.keys import Keys
from ratchet.store.named import naming
from ratchet.store.port import Filter, Query, Snapshot, Store


class VersionShown(Model):
    """A version of a dataset in a few numbers."""

    dataset: str
    version: str
    hash: str
    examples: int
    tokens: int
    read: int
    left_out: dict[str, int]
    diversity: float
    machine_share: float
    created_at: Instant
    created_by: str


class DatasetHistory(Model):
    """The latest version of a dataset, whole, and all versions, the latest first."""

    latest: DatasetVersion
    versions: Annotated[tuple[VersionShown, ...], Listed]


def list_datasets(store: Store, keys: Keys, *, tell: Tell | None = None) -> list[VersionShown]:
    """Return the latest version of every dataset that has one, in order of name.

    Raises: InvalidInput, BadSignature, where nobody is told.
    """
    prefix = dataset_stream("")
    names: list[str] = []
    for found in store.stream(Query(DatasetHead.collection, start_after=(prefix,))):
        if not found.ref.id.startswith(prefix):
            break
        names.append(found.ref.id.removeprefix(prefix))
    latest = each(names, lambda name: latest_version(store, keys, name), tell)
    return [version_shown(version) for version in latest if version is not None]


def dataset_history(store: Store, keys: Keys, dataset: str) -> DatasetHistory:
    """Return a dataset's versions.

    Raises: NotFound where it has none, BadSignature.
    """
    latest = latest_version(store, keys, dataset)
    if latest is None:
        raise NotFound(
            f"{dataset} has no version yet",
            field="dataset",
            mend=f"ratchet dataset build {dataset}",
        )
    versions = reversed(list_versions(store, keys, dataset))
    return DatasetHistory(latest=latest, versions=tuple(map(version_shown, versions)))


def version_shown(version: DatasetVersion) -> VersionShown:
    """Return a version in a few numbers."""
    held = version.statistics
    return VersionShown(
        dataset=version.dataset,
        version=version.version,
        hash=version.hash,
        examples=held.examples,
        tokens=held.tokens,
        read=version.read,
        left_out=version.left_out,
        diversity=held.diversity,
        machine_share=held.machine_share,
        created_at=version.created_at,
        created_by=version.created_by,
    )


def examples_query(
    *,
    source: str | None = None,
    source_id: str | None = None,
    task_id: str | None = None,
    component: str | None = None,
    domain: Domain | None = None,
    task_type: TaskType | None = None,
    reason: str | None = None,
) -> Query:
    """Return the query of examples, in order of id; an empty `reason` is of those kept."""
    wanted = (
        ("source", source),
        ("sourceId", source_id),
        ("taskId", task_id),
        ("component", component),
        ("domain", domain),
        ("taskType", task_type),
        ("reason", reason),
    )
    return Query(EXAMPLES, tuple(Filter(k, "==", v) for k, v in wanted if v is not None))


def load_example(found: Snapshot) -> Example:
    """Return the example of a stored document.

    Raises: InvalidInput that names it.
    """
    return naming(lambda stored: Example.from_store(stored.data))(found)
