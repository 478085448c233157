"""Statistics: counted by hand."""

from ratchet.datasets.versions.statistics import spread, statistics_of
from ratchet.datasets.versions.version import Entry
from tests.datasets.versions.test_load import entry
from tests.support.silver import content


def test_a_version_is_counted_by_split_stratum_domain_type_band_and_source() -> None:
    rows: list[Entry] = [
        entry(1, content(1), quality=80.0),
        entry(2, content(2), quality=90.0, split="test", domain="travel", band="hard"),
        entry(3, content(3), quality=None, source="runs", tokens=5),
    ]
    found = statistics_of(rows, [], diversity=0.12345678, machine_share=1 / 3)
    assert (found.examples, found.tokens) == (3, 29)
    assert found.splits == {"train": 2, "validation": 0, "test": 1}
    assert found.domains == {"qa": 2, "travel": 1}
    assert found.task_types == {"planning": 3}
    assert found.bands == {"easy": 2, "hard": 1}
    assert found.sources == {"events": 2, "runs": 1}
    assert found.strata == {
        "qa/easy": {"train": 2, "validation": 0, "test": 0},
        "travel/hard": {"train": 0, "validation": 0, "test": 1},
    }
    assert found.quality == {"mean": 85.0, "p25": 82.5, "p50": 85.0, "p75": 87.5}
    assert (found.diversity, found.machine_share) == (0.123457, 0.333333)


def test_one_value_is_its_own_spread_and_none_has_none() -> None:
    assert spread([7.0]) == {"mean": 7.0, "p25": 7.0, "p50": 7.0, "p75": 7.0}
    assert spread([]) == {}
