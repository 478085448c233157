"""Draft: how versions are numbered, and what their hash is over."""

from typing import Any

import pytest

from ratchet.datasets.settings import DatasetSettings, DatasetSpec
from ratchet.datasets.versions.draft import near_bound, next_version, present_codes, version_hash
from ratchet.datasets.versions.statistics import statistics_of
from ratchet.datasets.versions.version import DatasetVersion
from tests.support.silver import NOON

CODES = present_codes(DatasetSettings())


def version(**changes: Any) -> DatasetVersion:
    known: dict[str, Any] = {
        "dataset": "default",
        "version": "1.2.3",
        "hash": "0" * 64,
        "manifest": "1" * 64,
        "ledger": "2" * 64,
        "left_out_list": "3" * 64,
        "chunks": (),
        "codes": CODES,
        "spec": DatasetSpec().to_map(),
        "read": 0,
        "left_out": {},
        "statistics": statistics_of([], [], diversity=0.0, machine_share=0.0),
        "created_at": NOON,
        "created_by": "ada",
    }
    return DatasetVersion(**(known | changes))


def test_the_first_is_1_0_0_more_examples_raise_the_patch_and_other_rules_the_minor() -> None:
    spec, other = DatasetSpec(), DatasetSpec(size=10)
    assert next_version(None, spec, CODES) == "1.0.0"
    assert next_version(version(), spec, CODES) == "1.2.4"
    assert next_version(version(), other, CODES) == "1.3.0"
    changed = CODES.model_copy(update={"redaction": "another"})
    assert next_version(version(), spec, changed) == "1.3.0"


def test_another_bound_of_near_duplicates_is_other_code() -> None:
    codes = present_codes(DatasetSettings(near_duplicate=0.9))
    assert codes.dedupe != CODES.dedupe
    assert (near_bound(CODES), near_bound(codes)) == (0.8, 0.9)


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "other"},
        {"manifest": "4" * 64},
        {"left_out_list": "4" * 64},
        {"spec": DatasetSpec(size=1).to_map()},
        {"codes": CODES.model_copy(update={"split": "0"})},
    ],
)
def test_a_hash_is_of_all_that_makes_a_version(change: dict[str, Any]) -> None:
    assert version_hash(version(**change), None) != version_hash(version(), None)


def test_a_hash_is_of_the_parents_and_not_of_when_or_by_whom_it_was_built() -> None:
    assert version_hash(version(), "5" * 64) != version_hash(version(), None)
    later = version(created_by="bob", version="2.0.0", created_at=NOON.replace(year=2030))
    assert version_hash(later, None) == version_hash(version(), None)
