"""The daily verb: build every dataset that is scheduled, unless the kill switch is off."""

from datetime import datetime

from ratchet.datasets.settings import DatasetSettings
from ratchet.datasets.versions.build import build_dataset
from ratchet.datasets.versions.read import KEPT
from ratchet.govern.alerts import alert, clear_alert, raise_alert
from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import machine
from ratchet.kernel.document import Model
from ratchet.kernel.errors import LearningOff, RatchetError
from ratchet.kernel.keys import Keys
from ratchet.store.blobs import Blobs
from ratchet.store.port import Store

BUILDER = machine("build_datasets")
FAILED = "dataset-build-failed"


class BuildsReport(Model):
    """What one round did, by dataset: the new version, the one that nothing differs from, or why.

    `passed` were not built, since learning is switched off or nothing was collected yet.
    """

    built: dict[str, str] = {}
    unchanged: dict[str, str] = {}
    passed: dict[str, str] = {}
    failed: dict[str, str] = {}


def build_datasets(
    store: Store,
    blobs: Blobs,
    keys: Keys,
    reader: ConfigReader,
    *,
    now: datetime,
    workers: int = 1,
) -> BuildsReport:
    """Build every dataset whose spec says `scheduled`; one that fails does not stop the others."""
    report = BuildsReport()
    specs = reader.read(DatasetSettings).datasets
    if not store.count(KEPT):
        return BuildsReport(passed=dict.fromkeys(specs, "nothing was collected yet"))
    for dataset in sorted(name for name, spec in specs.items() if spec.scheduled):
        try:
            built = build_dataset(
                store, blobs, keys, reader, BUILDER, dataset, now=now, workers=workers
            )
        except LearningOff as off:
            report.passed[dataset] = off.message
        except RatchetError as error:
            report.failed[dataset] = error.message
            _tell(store, dataset, error, now)
        else:
            (report.built if built.new else report.unchanged)[dataset] = built.version
            clear_alert(store, FAILED, dataset, now=now)
    return report


def _tell(store: Store, dataset: str, error: RatchetError, now: datetime) -> None:
    about = alert(
        FAILED,
        dataset,
        "warning",
        f"{dataset} was not built: {error.message}",
        now=now,
        command=f"ratchet dataset build {dataset}",
        evidence=error.as_dict(),
    )
    raise_alert(store, about)
