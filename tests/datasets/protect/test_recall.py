"""Recall and precision on texts marked by hand, and on those of presidio-research."""

from collections.abc import Iterable

import pytest

from tests.support.private import (
    SAMPLE,
    Found,
    Marked,
    compared,
    detected,
    own_texts,
    presidio,
    sample_texts,
)

CERTAIN = ("EMAIL", "IP", "IBAN", "CARD", "SSN")


def counts(texts: Iterable[Marked]) -> dict[str, Found]:
    ours = list(texts)
    return compared(ours, [detected(one.text) for one in ours])


def precision(found: dict[str, Found]) -> float:
    hits = sum(one.hits for one in found.values())
    return hits / (hits + sum(one.wrong for one in found.values()))


def test_the_tests_own_texts_mark_at_least_150_spans_of_every_type() -> None:
    found = counts(own_texts())
    assert sum(one.marked for one in found.values()) >= 150
    assert {name: one.marked >= 6 for name, one in found.items()} == dict.fromkeys(
        (*CERTAIN, "PHONE", "SECRET", "URL_CREDENTIAL"), True
    )


def test_of_the_tests_own_texts_95_percent_are_found_of_every_type_and_precisely() -> None:
    found = counts(own_texts())
    assert {name for name, one in found.items() if one.hits < 0.95 * one.marked} == set()
    assert precision(found) >= 0.9


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.slow
def test_of_the_sample_as_much_is_found_and_phones_no_worse_than_presidio_finds_them() -> None:
    pytest.importorskip("presidio_analyzer")
    if not SAMPLE.is_file():
        pytest.skip(f"{SAMPLE.name} is not here")
    texts = sample_texts()
    ours, find = counts(texts), presidio()
    theirs = compared(texts, [find(one.text) for one in texts])
    there = [ours[name] for name in CERTAIN if name in ours]
    assert all(one.hits >= 0.95 * one.marked for one in there)
    assert ours["PHONE"].hits >= theirs["PHONE"].hits > 0
    assert precision(ours) >= 0.9
    for name in CERTAIN:
        assert ours.get(name, Found()).hits >= theirs.get(name, Found()).hits
