"""`config/datasets`: which datasets are built, and the bounds of what is worth training on."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from ratchet.datasets.example import Domain, TaskType
from ratchet.govern.config import Config
from ratchet.kernel.document import Listed, Model
from ratchet.kernel.errors import NotFound
from ratchet.observe.observation import Name, Share

DatasetName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Days = Annotated[float, Field(gt=0, le=3650)]
Names = Annotated[tuple[Name, ...], Listed, Field(max_length=50)]
Usd = Annotated[float, Field(ge=0, le=1_000_000)]


class DatasetSpec(Model):
    """One dataset: which examples it takes, how many, and what is trained on it.

    Of `components`, `domains` and `taskTypes` none named means all. `trains` are the policy ids and
    models that learn from it: what they wrote themselves is refused. `size` is the number of
    examples drawn by domain and difficulty, all where absent. At most `maxMachineShare` of it was
    written by a machine and vouched for by neither a person nor a check.
    """

    components: Names = ()
    domains: Annotated[tuple[Domain, ...], Listed] = ()
    task_types: Annotated[tuple[TaskType, ...], Listed] = ()
    trains: Names = ()
    size: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    max_machine_share: Share = 0.5
    scheduled: bool = True


class DatasetSettings(Config):
    """`config/datasets`: what is collected, kept and built.

    The collector keeps successes of `minQuality` (0..100) that took `minSeconds` to `maxSeconds`.
    Accepted are those of `acceptQuality`, `acceptConfidence` and at most `maxOutlier`. Two are near
    duplicates from a Jaccard of `nearDuplicate` on. A batch with over `maxErrorShare` malformed
    traces stops its source. `fallBy` is how much of its parent's diversity a version may lose
    before an alert. `prices` are US dollars for training on a million tokens, by model.
    """

    name: ClassVar[str] = "datasets"

    datasets: Annotated[dict[DatasetName, DatasetSpec], Field(max_length=50)] = {
        "default": DatasetSpec()
    }
    min_quality: Annotated[float, Field(ge=0, le=100)] = 75.0
    min_seconds: Annotated[float, Field(ge=0, le=60)] = 10.0
    max_seconds: Annotated[float, Field(ge=60, le=90 * 86_400)] = 600.0
    accept_quality: Annotated[float, Field(ge=0, le=100)] = 70.0
    accept_confidence: Share = 0.6
    max_outlier: Share = 0.15
    # Signatures are made for 0.8 (`dedupe.signature`): of pairs below 0.75 they would miss many.
    near_duplicate: Annotated[float, Field(ge=0.75, le=1)] = 0.8
    max_error_share: Share = 0.1
    fall_by: Share = 0.2
    target: Annotated[int, Field(ge=1, le=10_000_000)] = 1000
    prices: Annotated[dict[Name, Usd], Field(max_length=50)] = {}
    keep_days: Days = 180.0
    retain_from_day: Annotated[float, Field(gt=0, le=3650)] = 25.0

    def spec_of(self, dataset: str) -> DatasetSpec:
        """Return what a dataset takes.

        Raises: NotFound.
        """
        if dataset in self.datasets:
            return self.datasets[dataset]
        known = ", ".join(sorted(self.datasets))
        add = "ratchet config set datasets FILE --reason ..."
        raise NotFound(
            f"config/datasets names no dataset {dataset}" + ("" if known else ", and no other"),
            field="dataset",
            mend=f"one of {known}, or add it: {add}" if known else f"add it: {add}",
        )

    @property
    def retention(self) -> timedelta:
        """How long traces and examples are kept."""
        return timedelta(days=self.keep_days)
