"""The dataset commands: a version is built, shown, compared, written, verified, taken from."""

import json
import sys
from itertools import islice
from pathlib import Path

import pytest

from ratchet.datasets.dedupe import DEDUPE
from ratchet.datasets.dedupe.normal import normal_hash
from ratchet.datasets.versions.load import examples_of, load_version
from ratchet.entry.cli.output import opened
from ratchet.govern.roles import person
from ratchet.rollouts.golden.create import create_golden
from ratchet.rollouts.golden.golden_set import GoldenEntry, GoldenTerms
from ratchet.store.port import Ref
from tests.support.commands import Ratchet, write_lines
from tests.support.curated import an_example, id_of
from tests.support.small_version import said

N = 24


def collect(names: range) -> None:
    """Put examples into silver, as the collector does."""
    with opened(None) as app:
        for name in names:
            words = app.blobs.put(said(str(name)).to_bytes())
            changes = {"difficulty": (name % 9) / 9, "content": words}
            example = an_example(str(name), lineage={"vouched": ["check"]}, **changes)
            app.store.set(Ref(example.collection, example.id), example.to_map())


@pytest.fixture
def built(ratchet: Ratchet) -> Ratchet:
    """The command line with a dataset of one version."""
    collect(range(N))
    ran = ratchet("dataset", "build", "--by", "ada", "--reason", "the first")
    assert ran.out.splitlines()[0] == "default@1.0.0 is built"
    return ratchet


def test_a_build_is_told_and_the_same_again_makes_no_version(built: Ratchet) -> None:
    again = built("dataset", "build")
    assert again.out.splitlines()[0] == "default@1.0.0 holds the same already"
    found = built("dataset", "build", "--json").json
    assert (found["version"], found["new"], found["read"]) == ("default@1.0.0", False, N)
    shown = built("dataset", "show").out
    assert f"default@1.0.0: {found['statistics']['examples']} of {N} examples" in shown
    assert "built by ada" in shown
    assert "all versions" in shown
    only = built("dataset", "show", "default@1.0.0", "--json").json
    assert (only["hash"], "versions" in only) == (found["hash"], False)
    assert built("dataset", "show", "--json").json["versions"] == ["1.0.0"]


def test_two_versions_are_compared(built: Ratchet) -> None:
    collect(range(N, N + 6))
    assert built("dataset", "build").out.splitlines()[0] == "default@1.0.1 is built"
    found = built("dataset", "diff", "default@1.0.0", "default", "--json").json
    assert (found["was"], found["now"]) == ("default@1.0.0", "default@1.0.1")
    assert set(found["added"]) <= {id_of(str(n)) for n in range(N, N + 6)}
    out = built("dataset", "diff", "default@1.0.0", "default@1.0.1").out
    assert {f"    {key}" for key in found["added"]} <= set(out.splitlines())  # to be copied
    assert out.startswith(f"default@1.0.0 to default@1.0.1: {found['same']} examples are the same")
    assert f"{len(found['added'])} added" in out


def test_a_version_is_written_once_as_files(built: Ratchet) -> None:
    ran = built("dataset", "export", "default", "--out", "files")
    counts = built("dataset", "show", "--json").json["statistics"]["splits"]
    for split, count in counts.items():
        path = Path(f"files/default-1.0.0-{split}.chat.jsonl")
        assert f"{path}: {count} examples" in ran.out
        assert len(path.read_text().splitlines()) == count
    other = built("dataset", "export", "default", "--out", "files", "--format", "completion").out
    assert {".chat." in line for line in other.splitlines()} == {False}
    again = built("dataset", "export", "default@1.0.0", "--out", "files", "--json").json
    assert again == json.loads(Path("files/default-1.0.0-export.json").read_text())
    ran = built("dataset", "export", "default", "--out", "files", "--format", "pdf", "--json")
    assert (ran.status, ran.error["field"]) == (2, "format")


def test_verify_ends_with_another_status_for_what_is_not_whole(built: Ratchet) -> None:
    assert "default@1.0.0: valid" in built("dataset", "verify", "default").out
    with opened(None) as app:
        version = load_version(app.store, app.keys, "default@1.0.0")
        app.blobs.delete(version.chunks[0].sha256)
    ran = built("dataset", "verify", "default@1.0.0")
    assert (ran.status, "RATCHET-7401" in ran.err) == (4, True)
    assert "default@1.0.0: BROKEN" in ran.out
    assert not built("dataset", "verify", "default", "--json").json["valid"]


def test_a_version_with_what_was_frozen_later_is_told_from_a_broken_one(built: Ratchet) -> None:
    rows = [said(str(n)).to_map() for n in range(N, N + 2)]
    terms = ("--metric", "success", "--budget", 2, "--reason", "test")
    path = write_lines("rows.jsonl", rows)
    assert built("golden", "freeze", "later", "--lines", path, *terms).status == 0
    assert built("dataset", "verify", "default").status == 0
    path = write_lines("rows.jsonl", [said(str(n)).to_map() for n in range(N)])
    ran = built("golden", "freeze", "held", "--lines", path, *terms, "--json")
    assert ran.error["code"] == "RATCHET-7301"  # some are trained on
    assert (
        "later versions of default are without them"
        in built("golden", "freeze", "held", "--version", "default", *terms).out
    )
    ran = built("dataset", "verify", "default")
    assert (ran.status, ran.err) == (0, "")
    held = built("dataset", "show", "--json").json["statistics"]["splits"]["test"]
    assert f"  {held} of its examples, none trained on, are in golden sets" in ran.out
    ran = built("dataset", "build")
    assert f"left out, golden-overlap: {held}" in ran.out
    assert ran.err == "note: default@1.0.1 has an empty test split: new tasks fill it\n"
    _freeze_what_is_trained_on()
    ran = built("dataset", "verify", "default")
    assert ran.status == 4
    assert "default@1.0.1 trains on 2 examples of a golden set" in ran.err


def _freeze_what_is_trained_on() -> None:
    """Freeze examples as nobody can by command."""
    with opened(None) as app:
        version = load_version(app.store, app.keys, "default@1.0.1")
        items = list(islice(examples_of(app.blobs, version, "train"), 2))
        entries = [
            GoldenEntry(
                id=item.entry.id, content=item.entry.content, normal=normal_hash(item.content)
            )
            for item in items
        ]
        create_golden(
            app.store,
            app.blobs,
            app.keys,
            person("ada"),
            "trained",
            entries,
            GoldenTerms(metric="other", budget=1),
            source="a test",
            dedupe=DEDUPE,
            reason="test",
            now=app.clock(),
        )


def test_what_is_withdrawn_is_named_where_it_is_held(built: Ratchet) -> None:
    Path("ids.txt").write_text(f"{id_of('1')}\n")
    why = ("--reason", "its author asked", "--by", "ada")
    ran = built("dataset", "withdraw", id_of("0"), "--ids", "ids.txt", *why)
    assert ran.out.splitlines()[0] == "2 withdrawn, 0 were so already"
    again = built("dataset", "withdraw", id_of("0"), *why, "--json").json
    assert (again["withdrawn"], again["already"]) == ([], [id_of("0")])
    assert built("dataset", "build").out.splitlines()[0] == "default@1.0.1 is built"
    found = built("dataset", "diff", "default@1.0.0", "default", "--json").json
    assert {one["id"] for one in found["removed"]} == {id_of("0"), id_of("1")}
    assert found["reasons"] == {"withdrawn": 2}
    assert again["versions"] == {"default@1.0.0": [id_of("0")]}
    for command in (("verify",), ("export", "--out", "files")):
        ran = built("dataset", command[0], "default@1.0.0", *command[1:])
        assert ran.status == 0
        assert "default@1.0.0 holds 2 withdrawn examples" in ran.err
        assert id_of("0") in ran.err
        assert built("dataset", command[0], "default", *command[1:]).err == ""
    ran = built("dataset", "withdraw", "nobody", *why, "--json")
    assert (ran.status, ran.error["field"]) == (3, "ids")


def test_status_tells_how_far_a_dataset_is(built: Ratchet) -> None:
    found = built("dataset", "status", "--json").json
    assert (found["silver"]["collected"], found["silver"]["kept"]) == (N, N)
    (state,) = found["datasets"]
    assert (state["dataset"], state["latest"], state["target"]) == ("default", "1.0.0", 1000)
    out = built("dataset", "status").out
    assert f"{N} collected: {N} kept, 0 withdrawn" in out
    assert "not kept: none" in out


@pytest.mark.parametrize(
    ("arguments", "status", "field"),
    [
        (("show", "nothing"), 3, "dataset"),
        (("show", "default"), 3, "dataset"),
        (("build", "--reason", ""), 2, "reason"),
        (("build", "--by", ""), 2, "--by"),
        (("show", "default@1"), 2, "version"),
        (("show", "default@9.9.9"), 3, "version"),
        (("build", "nothing"), 3, "dataset"),
        (("verify", "nothing@1.0.0"), 3, "version"),
    ],
)
def test_what_is_not_there_is_named(
    ratchet: Ratchet, arguments: tuple[str, ...], status: int, field: str
) -> None:
    collect(range(0))
    ran = ratchet("dataset", *arguments, "--json")
    assert (ran.status, ran.error["field"]) == (status, field)


def test_a_build_that_made_no_version_is_told_with_its_reason(ratchet: Ratchet) -> None:
    collect(range(0))
    assert ratchet("dataset", "build").status == 4
    out = ratchet("dataset", "status").out
    assert "default: its last build made no version: nothing would be in default" in out
    assert "died" not in out


def test_a_dataset_that_is_not_configured_is_not_to_be_built(ratchet: Ratchet) -> None:
    collect(range(0))
    for command in ("show", "verify"):
        ran = ratchet("dataset", command, "nope", "--json")
        assert ran.error["message"] == "config/datasets names no dataset nope"
        assert ran.error["mend"].startswith("one of default, or add it")
    ran = ratchet("dataset", "show", "default", "--json")
    assert ran.error["mend"] == "ratchet dataset build default"


@pytest.mark.slow
def test_a_build_by_beam_sees_the_store_of_the_command(ratchet: Ratchet) -> None:
    collect(range(6))
    options = ("direct_running_mode=in_memory", "direct_num_workers=1")
    named = [word for option in options for word in ("--beam-option", option)]
    ran = ratchet("dataset", "build", "--beam", *named, "--by", "ada")
    told = [line for line in ran.err.splitlines() if "has an empty" not in line]
    assert (ran.status, told) == (0, [])
    assert ran.out.splitlines()[0] == "default@1.0.0 is built"
    again = ratchet("dataset", "build", "--json").json
    assert (again["new"], again["read"]) == (False, 6)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (("--runner", "DataflowRunner"), "--runner"),
        (("--beam-option", "a=b"), "--runner"),
        (("--beam", "--workers", 2), "--workers"),
        (("--beam", "--runner", "DataflowRunner"), "store"),
        (("--beam", "--store", "memory:"), "store"),
        (("--beam", "--beam-option", "--a=b"), "--beam-option"),
    ],
)
def test_what_beam_cannot_do_is_refused(
    ratchet: Ratchet, options: tuple[object, ...], field: str
) -> None:
    collect(range(0))
    ran = ratchet("dataset", "build", *options, "--json")
    assert (ran.status, ran.error["field"]) == (2, field)


def test_without_beam_it_is_said_what_to_install(
    ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect(range(0))
    monkeypatch.setitem(sys.modules, "ratchet.entry.beam.crew", None)
    ran = ratchet("dataset", "build", "--beam", "--json")
    assert "pip install 'ratchet[beam]'" in ran.error["mend"]
