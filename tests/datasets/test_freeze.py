"""Freezing examples: redacted, none that was trained on or withdrawn, and recognised later."""

import json
from typing import Any

import pytest

from ratchet.datasets.dedupe.normal import normal_hash, normal_text
from ratchet.datasets.dedupe.signature import signature_of
from ratchet.datasets.example import Content
from ratchet.datasets.freeze import (
    Source,
    freeze_golden,
    of_examples,
    of_lines,
    of_version,
)
from ratchet.datasets.guard.guarded_set import Probe
from ratchet.datasets.guard.overlap import guarded_of
from ratchet.kernel.errors import Contaminated, Malformed, NotFound, Poisoned, Refused
from ratchet.rollouts.golden.golden_set import GoldenEntry, GoldenSet, GoldenTerms
from ratchet.rollouts.golden.read import entries_of, golden_sets
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref, Store
from tests.support.curated import an_example, id_of
from tests.support.governed import ADA, KEYS, NOON
from tests.support.small_version import said, small_version

TERMS = GoldenTerms(metric="success", budget=5)
HELD = {"a": "test", "b": "test", "c": "validation", "d": "train"}


@pytest.fixture
def blobs() -> MemoryBlobs:
    """The blobs of a test."""
    return MemoryBlobs()


def frozen(store: Store, blobs: MemoryBlobs, source: Source) -> GoldenSet:
    return freeze_golden(store, blobs, KEYS, ADA, "airline", source, TERMS, reason="test", now=NOON)


def lines(*rows: dict[str, Any]) -> list[bytes]:
    return [json.dumps(row).encode() for row in rows]


def kept(store: Store, blobs: MemoryBlobs, name: str, **changes: Any) -> str:
    """Put an example into silver; returns its id."""
    example = an_example(name, content=blobs.put(said(name).to_bytes()), **changes)
    store.set(Ref(example.collection, example.id), example.to_map())
    return example.id


def words(blobs: MemoryBlobs, entry: GoldenEntry) -> Content:
    return Content.model_validate_json(blobs.get(entry.content))


def test_a_versions_test_split_is_frozen_with_its_words(store: Store, blobs: MemoryBlobs) -> None:
    small_version(store, blobs, HELD)  # type: ignore[arg-type]
    golden = frozen(store, blobs, of_version(store, blobs, KEYS, "default@1.0.0"))
    assert (golden.examples, golden.source) == (2, "default@1.0.0 test")
    entries = {entry.id: entry for entry in entries_of(blobs, golden)}
    assert set(entries) == {id_of("a"), id_of("b")}
    assert words(blobs, entries[id_of("a")]) == said("a")
    assert golden_sets(store, KEYS) == [golden]


def test_examples_have_one_budget_for_a_metric_whatever_name_they_are_frozen_under(
    embedded: Store, blobs: MemoryBlobs
) -> None:
    first = of_lines(lines(said("x").to_map(), said("y").to_map()))
    frozen(embedded, blobs, first)
    assert frozen(embedded, blobs, first).name == "airline"  # the very same again changes nothing
    again = of_lines(lines(said("y").to_map() | {"id": "renamed"}, said("z").to_map()))

    def freeze(terms: GoldenTerms) -> GoldenSet:
        told = {"reason": "test", "now": NOON}
        return freeze_golden(embedded, blobs, KEYS, ADA, "fresh", again, terms, **told)  # type: ignore[arg-type]

    with pytest.raises(Refused, match="examples renamed is measured by golden set airline"):
        freeze(TERMS)
    assert freeze(GoldenTerms(metric="latency", budget=5)).examples == 2


def test_what_is_trained_on_is_refused_wherever_it_comes_from(
    embedded: Store, blobs: MemoryBlobs
) -> None:
    small_version(embedded, blobs, HELD)  # type: ignore[arg-type]
    small_version(embedded, blobs, {"e": "test"}, dataset="other")
    with pytest.raises(Contaminated, match="measures nothing"):
        of_version(embedded, blobs, KEYS, "default@1.0.0", "train")
    by_id = of_examples(embedded, blobs, [kept(embedded, blobs, n) for n in ("d", "x")])
    upper = said("d").model_copy(update={"input": said("d").input.upper()})
    by_words = of_lines(lines(upper.to_map(), said("x").to_map()))
    for source, name in ((by_id, id_of("d")), (by_words, by_words.examples[0].id)):
        with pytest.raises(Contaminated, match=f"examples {name} are trained on in default"):
            frozen(embedded, blobs, source)
    assert golden_sets(embedded, KEYS) == []


def test_what_nearly_repeats_what_is_trained_on_is_refused(
    embedded: Store, blobs: MemoryBlobs
) -> None:
    small_version(embedded, blobs, HELD)  # type: ignore[arg-type]
    trained = said("d")
    near = trained.model_copy(update={"output": trained.output + " Surely."})
    with pytest.raises(Contaminated, match=f"default@1.0.0 trains on {id_of('d')}"):
        frozen(embedded, blobs, of_lines(lines(near.to_map(), said("x").to_map())))
    tested = said("a").model_copy(update={"output": said("a").output + " Surely."})
    assert frozen(embedded, blobs, of_lines(lines(tested.to_map(), said("x").to_map())))


def test_what_an_earlier_version_trained_on_is_refused_by_the_latest_ledger(
    embedded: Store, blobs: MemoryBlobs
) -> None:
    # Numbers are compared as numbers: 1.0.10 is later than 1.0.9, and holds the ledger of both.
    small_version(embedded, blobs, {"a": "test"}, number="1.0.9")
    small_version(embedded, blobs, {"a": "test", "x": "train"}, number="1.0.10")
    source = of_lines(lines(said("x").to_map(), said("y").to_map()))
    with pytest.raises(Contaminated, match=r"default"):
        frozen(embedded, blobs, source)


def test_lines_are_redacted_before_anything_is_kept(embedded: Store, blobs: MemoryBlobs) -> None:
    source = of_lines(
        [
            *lines({"id": "one", "input": "Write to ada@example.com", "output": "Done."}),
            b"\n",
            *lines({"input": "And then?", "output": "Wait.", "steps": []}),
        ]
    )
    golden = frozen(embedded, blobs, source)
    read = [words(blobs, entry) for entry in entries_of(blobs, golden)]
    assert sorted(content.input for content in read) == ["And then?", "Write to [EMAIL_1]"]
    assert not any(b"ada@example.com" in blobs.get(info.sha256) for info in blobs.listed())


@pytest.mark.parametrize(
    ("row", "error", "field"),
    [
        (b'{"input": "a"}', Malformed, "lines.2.output"),
        (b'{"input": "a", "output": "b", "mood": 1}', Malformed, "lines.2.mood"),
        (b'{"id": "", "input": "a", "output": "b"}', Malformed, "lines.2.id"),
        (b"[1]", Malformed, "lines.2"),
        (b"no", Malformed, "lines.2.(whole)"),
        (b'{"input": "\\ud800", "output": "b"}', Poisoned, "lines.2.input"),
        (b'{"input": "a", "output": ' + b"[" * 5000, Poisoned, "lines.2.(whole)"),
        (b"\xff\xfe", Poisoned, "lines.2.(whole)"),
    ],
)
def test_a_line_that_is_no_example_is_named(row: bytes, error: type[Exception], field: str) -> None:
    with pytest.raises(error, match="line 2") as caught:
        of_lines([*lines({"input": "a", "output": "b"}), row])
    assert caught.value.field == field  # type: ignore[attr-defined]


def test_examples_that_are_not_there_or_withdrawn_are_named(
    embedded: Store, blobs: MemoryBlobs
) -> None:
    there = kept(embedded, blobs, "a")
    gone = kept(embedded, blobs, "b", withdrawnAt=NOON)
    with pytest.raises(NotFound, match=f"no examples {id_of('z')}"):
        of_examples(embedded, blobs, [there, id_of("z")])
    with pytest.raises(Refused, match=f"examples {gone} were withdrawn"):
        of_examples(embedded, blobs, [there, gone])
    small_version(embedded, blobs, {"a": "test", "b": "test"})
    with pytest.raises(Refused, match=f"examples {gone} were withdrawn"):
        of_version(embedded, blobs, KEYS, "default@1.0.0")


def test_a_build_is_guarded_by_a_frozen_set(embedded: Store, blobs: MemoryBlobs) -> None:
    frozen(embedded, blobs, of_lines(lines(*({"id": n} | said(n).to_map() for n in "ab"))))
    asked = {
        "equal": said("a"),
        "near": said("b").model_copy(update={"input": f"{said('b').input}?"}),
        "other": said("c"),
    }
    texts = {name: normal_text(content) for name, content in asked.items()}
    probes = [Probe(n, normal_hash(c), signature_of(texts[n])) for n, c in asked.items()]
    found = guarded_of(embedded, blobs, KEYS, "default").overlaps(probes, texts.__getitem__, 0.8)
    assert found == {"equal": "golden-overlap", "near": "golden-overlap"}


def test_the_same_file_again_is_the_same_set(embedded: Store, blobs: MemoryBlobs) -> None:
    rows = lines(*(said(n).to_map() for n in "ab"))
    golden = frozen(embedded, blobs, of_lines(rows))
    assert frozen(embedded, blobs, of_lines(reversed(rows))) == golden
