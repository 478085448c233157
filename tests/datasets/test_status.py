"""What is collected and kept, how far a dataset is, and what it costs to know that."""

from datetime import timedelta
from typing import Any

from ratchet.datasets.collecting.stop import SourceState
from ratchet.datasets.collecting.trace import DeadTrace
from ratchet.datasets.example import Example
from ratchet.datasets.settings import DatasetSettings
from ratchet.datasets.status import (
    DatasetReport,
    DatasetState,
    DatasetStatus,
    Silver,
    dataset_status,
    report_datasets,
    training_cost,
)
from ratchet.datasets.versions.progress import Track
from ratchet.datasets.versions.version import DATASETS, DatasetHead, DatasetVersion, dataset_stream
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.document import Document
from ratchet.store.counting import CountingStore
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.curated import NOON, an_example

H = "0" * 64


def put(store: Store, *documents: Document) -> None:
    for one in documents:
        store.set(Ref(one.collection, one.key()), one.to_map())


def told(store: Store) -> DatasetStatus:
    return dataset_status(store, ConfigReader(store, ManualClock(NOON)), now=NOON)


def dead(name: str) -> DeadTrace:
    return DeadTrace(
        source="events",
        source_id=name,
        code="RATCHET-7101",
        message="no input",
        first_at=NOON,
        last_at=NOON,
        expire_at=NOON + timedelta(days=1),
    )


def a_version(number: str, **changes: Any) -> DatasetVersion:
    """Return a version of 1,250 examples of 500 tokens."""
    statistics = {
        "examples": 1250,
        "tokens": 625_000,
        "quality": {"mean": 90.0},
        "diversity": 0.5,
        "machineShare": 0.25,
    } | {name: {} for name in ("splits", "domains", "bands", "strata", "sources", "redactions")}
    codes = dict.fromkeys(("filter", "redaction", "dedupe", "curation", "split"), "1")
    whole = {
        "dataset": "default",
        "version": number,
        "hash": H,
        "manifest": H,
        "ledger": H,
        "leftOutList": H,
        "chunks": (),
        "codes": codes,
        "spec": {},
        "read": 1300,
        "leftOut": {"in-review": 30, "rejected": 15, "near-duplicate": 5},
        "statistics": statistics | {"taskTypes": {}},
        "createdAt": NOON,
        "createdBy": "build_datasets",
    }
    return DatasetVersion.parse(whole | changes)


def head(latest: str) -> DatasetHead:
    return DatasetHead(id=dataset_stream("default"), latest=latest, hash=H)


def gone(name: str, **changes: Any) -> Example:
    return an_example(name, withdrawnAt=NOON, withdrawnBy="ada", **changes)


def test_of_nothing_there_is_nothing(embedded: SqliteStore) -> None:
    status = told(embedded)
    assert status.silver == Silver(collected=0, kept=0, withdrawn=0, reasons={}, dead=0)
    assert status.datasets == (DatasetState(dataset="default", target=1000),)


def test_silver_is_counted_by_what_became_of_it(store: Store) -> None:
    kept = [an_example(i) for i in range(5)]
    left = [an_example(f"t{i}", reason="trivial") for i in range(3)]
    poor = an_example("l", reason="low-quality")
    put(store, *kept, *left, poor, gone("w1"), gone("w2", reason="trivial"), dead("d1"), dead("d2"))
    put(store, SourceState(source="events", state="stopped", at=NOON))
    assert told(store).silver == Silver(
        collected=11,
        kept=5,  # six without a reason, one of them withdrawn
        withdrawn=2,
        reasons={"low-quality": 1, "trivial": 4},
        dead=2,
        stopped=("events",),
    )


def test_a_dataset_is_as_far_as_its_latest_version(store: Store) -> None:
    settings = DatasetSettings(prices={"small": 8.0, "large": 25.0}, target=2000).to_map()
    store.set(Ref("config", "datasets"), settings)
    put(store, a_version("1.0.0", leftOut={}), a_version("1.0.1"), head("1.0.1"))
    put(store, a_version("3.0.0", dataset="other"))
    (state,) = told(store).datasets
    assert state == DatasetState(
        dataset="default",
        latest="1.0.1",
        versions=2,
        accepted=1250,
        in_review=30,
        rejected=15,
        left_out={"in-review": 30, "rejected": 15, "near-duplicate": 5},
        tokens=625_000,
        cost_usd={"large": 15.625, "small": 5.0},  # 0.625 million tokens
        target=2000,
        progress=0.625,
    )


def test_progress_ends_at_its_target(embedded: SqliteStore) -> None:
    put(embedded, a_version("1.0.0"), head("1.0.0"))
    assert told(embedded).datasets[0].progress == 1


def test_a_build_that_runs_is_told(embedded: SqliteStore) -> None:
    Track(embedded, "default", None, NOON).at("prepare", 300, 1000)
    building = told(embedded).datasets[0].building
    assert building is not None
    assert (building.stage, building.done, building.total) == ("prepare", 300, 1000)


def test_a_version_that_is_broken_or_gone_is_told_and_keeps_no_other_from_it(
    embedded: SqliteStore,
) -> None:
    two = DatasetSettings.parse({"datasets": {"default": {}, "other": {}}}).to_map()
    embedded.set(Ref("config", "datasets"), two)
    put(embedded, head("1.0.0"))
    default, other = told(embedded).datasets
    assert default.fault.startswith("default@1.0.0 is gone")
    assert (other.dataset, other.fault) == ("other", "")
    broken = a_version("1.0.0").to_map() | {"tokens": "many"}
    embedded.set(Ref(DATASETS, "default@1.0.0"), broken)
    default, _ = told(embedded).datasets
    assert "tokens" in default.fault
    assert default.versions == 1


def test_a_report_is_written_for_each_dataset_and_reads_back(store: Store) -> None:
    put(store, an_example("e"), a_version("1.0.0"), head("1.0.0"))
    reader = ConfigReader(store, ManualClock(NOON))
    for _ in range(2):  # a tick may come twice
        status = report_datasets(store, reader, now=NOON)
    found = store.get(Ref("ops_dataset_status", "default"))
    assert found is not None
    report = DatasetReport.from_store(found.data)
    assert (report.at, report.silver, (report.state,)) == (NOON, status.silver, status.datasets)


def test_no_example_is_read_to_tell_the_status(embedded: SqliteStore) -> None:
    put(embedded, *(an_example(i) for i in range(300)))
    counting = CountingStore(embedded)
    dataset_status(counting, ConfigReader(counting, ManualClock(NOON)), now=NOON)
    # Eleven counts, one read each at so few; four sources and a setting with its last good value;
    # of the dataset its versions, its build and its head.
    assert counting.bill.reads == 11 + 4 + 2 + 3


def test_training_costs_by_the_million_tokens() -> None:
    assert training_cost(625_000, {"small": 8.0, "free": 0.0}) == {"small": 5.0, "free": 0.0}
