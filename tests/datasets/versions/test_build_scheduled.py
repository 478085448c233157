"""The daily builds: each by its own fortune, and none with the kill switch off."""

from ratchet.datasets.settings import DatasetSpec
from ratchet.datasets.versions.build_scheduled import BuildsReport, build_datasets
from ratchet.govern.alerts import Alert
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Query
from ratchet.store.sqlite import SqliteStore
from tests.support.governed import switch_flags
from tests.support.silver import KEYS, NOON, fill, reader_of, set_specs


def build(store: SqliteStore, blobs: MemoryBlobs) -> BuildsReport:
    return build_datasets(store, blobs, KEYS, reader_of(store), now=NOON)


def alerts(store: SqliteStore) -> dict[str, str]:
    found = (Alert.from_store(s.data) for s in store.query(Query(Alert.collection)))
    return {one.subject: one.state for one in found if one.what == "dataset-build-failed"}


def test_one_that_fails_is_told_and_stops_no_other_and_the_next_success_ends_it(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    switch_flags(embedded)
    fill(embedded, blobs, range(1, 5))  # none of travel, the domain of every fifth
    set_specs(
        embedded,
        all=DatasetSpec(),
        byhand=DatasetSpec(scheduled=False),
        trips=DatasetSpec(domains=("travel",)),
    )
    report = build(embedded, blobs)
    assert report.built == {"all": "all@1.0.0"}
    assert list(report.failed) == ["trips"]
    assert alerts(embedded) == {"trips": "open"}
    fill(embedded, blobs, [5, 10, 15])
    again = build(embedded, blobs)
    assert again.built == {"all": "all@1.0.1", "trips": "trips@1.0.0"}
    assert alerts(embedded) == {"trips": "resolved"}
    assert build(embedded, blobs).unchanged == {"all": "all@1.0.1", "trips": "trips@1.0.0"}


def test_with_the_kill_switch_off_nothing_is_built(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(4))
    report = build(embedded, blobs)
    assert list(report.passed) == ["default"]
    assert "switched off" in report.passed["default"]
    assert (report.built, alerts(embedded)) == ({}, {})


def test_where_nothing_was_collected_nobody_is_alarmed(embedded: SqliteStore) -> None:
    switch_flags(embedded)
    report = build(embedded, MemoryBlobs())
    assert report.passed == {"default": "nothing was collected yet"}
    assert alerts(embedded) == {}
