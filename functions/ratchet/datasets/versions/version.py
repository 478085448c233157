"""DatasetVersion: an immutable version of a dataset, and the manifest that says what is in it."""

from typing import Annotated, ClassVar, Literal

from ratchet.datasets.example import Band, Domain, Hash, SourceId, TaskType
from ratchet.govern.audit import ChainHead
from ratchet.kernel.document import Document, Instant, Listed, Model
from ratchet.kernel.ids import join_key

DATASETS = "ops_datasets"
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
# Why an example of silver is not in a version; every one that was read is in it, or counted here.
LeftOut = Literal[
    "not-wanted",  # of another component, domain or task type than the dataset takes
    "withdrawn",
    "own-lineage",  # written by what is trained on it, or by a descendant of this dataset
    "own-judge",  # vouched for by its author alone
    "exact-duplicate",
    "near-duplicate",
    "golden-overlap",  # equal or near to an example of a golden set
    "test-overlap",  # equal or near to an example of another dataset's test split
    "rejected",
    "in-review",
    "machine-share",
    "sampled-out",
    "links-splits",  # it would join groups that lie in different splits
    "unreadable",  # its document does not parse, or its words are gone
]


class Entry(Model):
    """One example in a manifest: its content after redaction, its group, split and place."""

    id: Hash
    content: Hash
    split: Split
    group: Hash
    domain: Domain
    task_type: TaskType
    band: Band
    quality: float | None = None
    tokens: int
    source: str
    source_id: SourceId


class Chunk(Model):
    """A blob with some examples of one split, as JSON lines in the manifest's order."""

    split: Split
    sha256: Hash
    count: int
    bytes: int


class Codes(Model):
    """The versions of the code that made a version; another code makes another version hash."""

    filter: str
    redaction: str
    dedupe: str
    curation: str
    split: str


class Statistics(Model):
    """What a version holds, counted: by split, domain, task type, band and redacted type.

    `quality` are the mean and the quartiles of 0..100. `diversity` is the version's score 0..1.
    `strata` is the number of examples by `domain/band` and split.
    """

    examples: int
    tokens: int
    splits: dict[str, int]
    domains: dict[str, int]
    task_types: dict[str, int]
    bands: dict[str, int]
    strata: dict[str, dict[str, int]]
    sources: dict[str, int]
    quality: dict[str, float]
    redactions: dict[str, int]
    diversity: float
    machine_share: float


class DatasetVersion(Document):
    """`ops_datasets/{dataset@version}`: signed and immutable.

    `hash` is over the dataset's name, the parent's hash, spec, codes, entries and left out: the
    same inputs give the same, wherever and by however many workers it was built. `manifest` is the
    blob of entries, one JSON line each, `ledger` that of the group and split of every example that
    ever had one, `index` those of what was measured of each. `leftOut` counts why the rest of
    `read` examples are not in it. `parent` is the number of the version before.

    The first version is 1.0.0; a next one that only holds other examples raises the patch, and one
    of another spec or other code the minor. What reads versions has to change for a major.
    """

    collection: ClassVar[str] = DATASETS

    dataset: str
    version: str
    parent: str | None = None
    hash: Hash
    manifest: Hash
    ledger: Hash
    left_out_list: Hash
    index: Annotated[tuple[Hash, ...], Listed] = ()
    chunks: Annotated[tuple[Chunk, ...], Listed]
    codes: Codes
    spec: dict[str, object]
    read: int
    left_out: dict[str, int]
    statistics: Statistics
    created_at: Instant
    created_by: str
    signature: str = ""

    def key(self) -> str:
        """Return dataset and version."""
        return dataset_key(self.dataset, self.version)


def dataset_key(dataset: str, version: str) -> str:
    """Return the id of a version of a dataset, as it is named everywhere."""
    return f"{join_key(dataset)}@{version}"


class DatasetHead(ChainHead):
    """`ops_policy_heads/dataset:{name}`: the latest version of a dataset, and its audit chain.

    `latest` is its number, like 1.0.3, and `hash` its content's.
    """

    latest: str | None = None
    hash: str | None = None


def dataset_stream(dataset: str) -> str:
    """Return the audit stream of a dataset."""
    return f"dataset:{dataset}"
