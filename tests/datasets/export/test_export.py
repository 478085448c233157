import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ratchet.datasets.dedupe.normal import normal_hash
from ratchet.datasets.export.export import Exported, export_version
from ratchet.kernel.errors import Contaminated, InvalidInput, NotFound, NotWhole, Unavailable
from ratchet.rollouts.golden.create import create_golden
from ratchet.rollouts.golden.golden_set import GoldenEntry, GoldenTerms
from ratchet.store.blobs import Blobs
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.exported import some_items, stored_version
from tests.support.faults import Died
from tests.support.faulty_blobs import FaultyBlobs
from tests.support.golden_sets import frozen_set
from tests.support.governed import ADA, KEYS, NOON

ITEMS = some_items({"train": 7, "validation": 2, "test": 1})
LIST = "default-1.0.0-export.json"
NAMES = [f"default-1.0.0-{split}.chat.jsonl" for split in ("train", "validation", "test")]


def export(
    store: Store, blobs: Blobs, out: Path, format: str = "chat", dataset: str = "default"
) -> Exported:
    return export_version(store, blobs, KEYS, dataset, "1.0.0", format=format, out=out)


def inputs(path: Path) -> list[str]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [row["messages"][-1]["content"] for row in rows]


def names(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir())


def test_each_split_is_a_file_with_its_examples_in_order(store: Store, tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    ordered = stored_version(store, blobs, ITEMS)
    told = export(store, blobs, tmp_path)
    assert names(tmp_path) == sorted([*NAMES, LIST])
    assert [said for name in NAMES for said in inputs(tmp_path / name)] == [
        one.content.output for one in ordered
    ]
    assert Exported.parse(json.loads((tmp_path / LIST).read_bytes())) == told
    assert {name: file.examples for name, file in told.files.items()} == dict(
        zip(NAMES, (7, 2, 1), strict=True)
    )
    for name, file in told.files.items():
        data = (tmp_path / name).read_bytes()
        assert (file.bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_an_empty_split_is_an_empty_file(embedded: SqliteStore, tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    stored_version(embedded, blobs, some_items({"train": 1}))
    export(embedded, blobs, tmp_path)
    assert (tmp_path / "default-1.0.0-test.chat.jsonl").read_bytes() == b""


@pytest.mark.parametrize("format", ["completion", "parquet"])
def test_another_format_has_the_same_examples(
    embedded: SqliteStore, tmp_path: Path, format: str
) -> None:
    blobs = MemoryBlobs()
    stored_version(embedded, blobs, ITEMS)
    told = export(embedded, blobs, tmp_path, format)
    assert [file.examples for file in told.files.values()] == [7, 2, 1]
    again = export(embedded, blobs, tmp_path / "again", format)
    assert again == told


def test_what_is_there_whole_is_not_read_again(embedded: SqliteStore, tmp_path: Path) -> None:
    blobs = FaultyBlobs(MemoryBlobs())
    stored_version(embedded, blobs, ITEMS)
    whole = export(embedded, blobs, tmp_path)
    calls = blobs.calls
    assert export(embedded, blobs, tmp_path) == whole
    assert blobs.calls == calls
    (tmp_path / NAMES[1]).write_bytes(b"torn")
    assert export(embedded, blobs, tmp_path) == whole
    assert len(inputs(tmp_path / NAMES[1])) == 2


def test_after_a_death_at_any_call_a_file_is_whole_or_not_there(
    embedded: SqliteStore, tmp_path: Path
) -> None:
    blobs = MemoryBlobs()
    stored_version(embedded, blobs, ITEMS)
    whole = export(embedded, blobs, tmp_path / "whole")
    counting = FaultyBlobs(blobs)
    export(embedded, counting, tmp_path / "counted")
    for call in range(1, counting.calls + 1):
        out = tmp_path / str(call)
        with pytest.raises(Died):
            export(embedded, FaultyBlobs(blobs, die_at=call), out)
        for name in names(out):
            assert name in (*NAMES, LIST)
            if name != LIST:
                assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
        assert export(embedded, blobs, out) == whole


def test_a_version_that_is_not_whole_leaves_no_file(embedded: SqliteStore, tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    stored_version(embedded, blobs, ITEMS)
    key = Ref("ops_datasets", "default@1.0.0")
    found = embedded.get(key)
    assert found is not None
    first = found.data["chunks"][0]["sha256"]
    blobs.delete(first)
    with pytest.raises(NotWhole, match=f"default@1.0.0: there is no blob {first}") as told:
        export(embedded, blobs, tmp_path)
    assert "RATCHET_BLOBS" in told.value.mend
    assert names(tmp_path) == []


def test_files_of_another_version_are_not_taken_for_this_ones(
    embedded: SqliteStore, tmp_path: Path
) -> None:
    blobs = MemoryBlobs()
    stored_version(embedded, blobs, ITEMS)
    export(embedded, blobs, tmp_path)
    (tmp_path / LIST).write_text("{}")
    stored_version(embedded, blobs, ITEMS[1:])
    told = export(embedded, blobs, tmp_path)
    assert told.files[NAMES[0]].examples == 6


def freeze(store: Store, blobs: Blobs, *, id: str, normal: str) -> None:
    entries = [
        GoldenEntry(id=one, content=blobs.put(one.encode()), normal=standing)
        for one, standing in ((id, normal), ("other", "f" * 64))
    ]
    terms = GoldenTerms(metric="success", budget=3)
    own = (store, blobs, KEYS, ADA, "airline", entries, terms)
    create_golden(*own, source="t", dedupe="1", reason="test", now=NOON)


Chosen = Callable[[int], dict[str, str]]


@pytest.mark.parametrize(
    "chosen",
    [
        lambda i: {"id": ITEMS[i].entry.id, "normal": "e" * 64},
        lambda i: {"id": "x", "normal": normal_hash(ITEMS[i].content)},
    ],
    ids=["by id", "by its words"],
)
def test_what_a_golden_set_measures_by_is_not_exported_to_train_on(
    embedded: SqliteStore, tmp_path: Path, chosen: Chosen
) -> None:
    blobs = MemoryBlobs()
    stored_version(embedded, blobs, ITEMS)
    freeze(embedded, blobs, **chosen(3))
    with pytest.raises(Contaminated, match=ITEMS[3].entry.id) as refused:
        export(embedded, blobs, tmp_path)
    assert "ratchet dataset build default" in refused.value.mend
    assert names(tmp_path) == []


def test_what_is_only_tested_on_may_be_golden(embedded: SqliteStore, tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    stored_version(embedded, blobs, ITEMS)
    freeze(embedded, blobs, id=ITEMS[-1].entry.id, normal="e" * 64)
    assert len(export(embedded, blobs, tmp_path).files) == 3


def test_a_golden_set_is_no_dataset(embedded: SqliteStore, tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    frozen_set(embedded, blobs, name="airline")
    with pytest.raises(Contaminated, match="airline is a golden set"):
        export(embedded, blobs, tmp_path, dataset="airline")
    with pytest.raises(NotFound):
        export(embedded, blobs, tmp_path, dataset="other")


def test_a_wrong_format_or_folder_is_named(embedded: SqliteStore, tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    stored_version(embedded, blobs, ITEMS)
    with pytest.raises(InvalidInput, match="chat, completion, parquet"):
        export(embedded, blobs, tmp_path, "csv")
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="is no folder"):
        export(embedded, blobs, tmp_path / "file")
    with pytest.raises(InvalidInput, match="is no folder"):
        export(embedded, blobs, tmp_path / "file" / "below")


def test_a_full_disk_is_told_and_leaves_what_was_done(
    embedded: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = MemoryBlobs()
    stored_version(embedded, blobs, ITEMS)

    def full(self: Path, target: Path) -> Path:
        if "validation" in target.name:
            raise OSError(28, "No space left on device")
        return replace(self, target)

    replace = Path.replace
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(Unavailable, match="No space left"):
        export(embedded, blobs, tmp_path)
    assert names(tmp_path) == sorted([NAMES[0], LIST])


def test_a_name_is_no_path(embedded: SqliteStore, tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    stored_version(embedded, blobs, ITEMS, dataset="a b:c")
    told = export(embedded, blobs, tmp_path, dataset="a b:c")
    assert next(iter(told.files)) == "a%20b%3Ac-1.0.0-train.chat.jsonl"
