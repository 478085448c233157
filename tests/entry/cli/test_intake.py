"""`record` and `feedback`: what a file may hold, what is refused, and that twice counts once."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import Ratchet, arrived, score_at_once, write_json, write_lines
from tests.support.observing import exposure


def observed(ratchet: Ratchet) -> list[str]:
    """Return the ids of all that was recorded."""
    return sorted(o["id"] for o in ratchet("observations", "--limit", 5000, "--json").lines)


def test_one_object_is_one_observation_under_its_own_id(ratchet: Ratchet) -> None:
    ran = ratchet("record", write_json("one.json", arrived(id="my-one")), "--json")
    assert ran.json == {
        "accepted": 1,
        "sampled": 0,
        "duplicate": 0,
        "ids": ["my-one"],
        "rejected": [],
    }
    assert observed(ratchet) == ["my-one"]


@pytest.mark.parametrize("kind", ["one", "null-id", "array", "lines", "wrapped", "gzip", "bom"])
def test_the_same_file_twice_counts_once(ratchet: Ratchet, kind: str) -> None:
    items = [arrived(i) for i in range(3)]
    text = {
        "one": json.dumps(items[0]),
        "null-id": json.dumps(items[0] | {"id": None}),
        "array": json.dumps(items),
        "lines": "\n\n".join(map(json.dumps, items)),
        "wrapped": json.dumps({"observations": items}),
        "gzip": json.dumps(items),
        "bom": "\ufeff" + json.dumps(items),
    }[kind]
    raw = text.encode()
    file = Path("file")
    file.write_bytes(gzip.compress(raw, mtime=0) if kind == "gzip" else raw)
    n = 1 if kind in ("one", "null-id") else 3
    assert ratchet("record", file).out == f"{n} recorded, 0 refused\n"
    assert ratchet("record", file).out == f"0 recorded, 0 refused ({n} known already)\n"
    assert len(observed(ratchet)) == n


def test_the_same_items_packed_and_plain_are_the_same_file(ratchet: Ratchet) -> None:
    plain = write_lines("a.ndjson", [arrived(i) for i in range(2)])
    packed = Path("a.ndjson.gz")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert ratchet("record", plain, "--json").json["duplicate"] == 0
    assert ratchet("record", packed, "--json").json["duplicate"] == 2


def test_standard_input_is_a_file_too(ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps(arrived()).encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert ratchet("record", "-").out == "1 recorded, 0 refused\n"


def test_a_file_of_many_is_sent_in_chunks_under_the_id_it_brings(ratchet: Ratchet) -> None:
    batch = {"id": "day-1", "observations": [arrived(i) for i in range(1200)]}
    ran = ratchet("record", write_json("big.json", batch), "--json")
    assert (ran.json["accepted"], ran.json["ids"]) == (1200, ["day-1-0", "day-1-1", "day-1-2"])
    assert len(observed(ratchet)) == 1200


def test_exposures_stand_in_a_file_among_observations_or_alone(ratchet: Ratchet) -> None:
    met = exposure() | {"ts": arrived()["ts"]}
    mixed = write_lines("mixed.ndjson", [met, arrived(), met | {"step": 100}])
    ran = ratchet("record", mixed, "--json")
    assert (ran.json["accepted"], len(observed(ratchet))) == (2, 1)
    assert [(r["index"], r["field"]) for r in ran.json["rejected"]] == [(2, "step")]
    assert ratchet("record", mixed, "--json").json["duplicate"] == 2
    alone = write_json("one.json", met | {"id": "met-1"})
    assert ratchet("record", alone, "--json").json["ids"] == ["met-1"]
    assert ratchet("record", alone).out == "0 recorded, 0 refused (1 known already)\n"


def test_refused_items_are_listed_by_their_place_in_the_whole_file(ratchet: Ratchet) -> None:
    items: list[Any] = [arrived(i) for i in range(1200)]
    items[3], items[700] = {"outcome": "great"}, 5
    file = write_lines("some.ndjson", items)
    ran = ratchet("record", file, "--json")
    assert ran.status == 0
    assert ran.json["accepted"] == 1198
    assert [(r["index"], r["field"]) for r in ran.json["rejected"]] == [(3, "ts"), (700, "(whole)")]
    assert ratchet("record", file).out.splitlines()[1:] == [
        "  item 3: ts: Field required",
        "  item 700: (whole): an observation is a JSON object",
    ]


def test_a_long_list_of_refusals_says_how_many_more_there_are(ratchet: Ratchet) -> None:
    items = [arrived()] + [{"x": 1}] * 30
    ran = ratchet("record", write_json("some.json", items))
    assert ran.out.splitlines()[-1] == "  and 10 more; --json lists them all"


@pytest.mark.parametrize("n", [2, 1001])
@pytest.mark.parametrize("verb", ["record", "feedback"])
def test_a_file_of_bad_items_alone_is_an_error(ratchet: Ratchet, verb: str, n: int) -> None:
    ran = ratchet(verb, write_json("bad.json", [{"x": 1}] * n), "--json")
    assert (ran.status, ran.error["code"]) == (2, "RATCHET-1002")
    assert [r["index"] for r in ran.error["rejected"]] == list(range(n))
    told = ratchet(verb, "bad.json")
    assert told.status == 2
    assert told.err.startswith("RATCHET-1002: all ")
    assert "  item 1: " in told.err


def test_other_content_under_a_known_id_is_a_conflict(ratchet: Ratchet) -> None:
    ratchet("record", write_json("a.json", {"id": "b", "observations": [arrived()]}))
    other = write_json("b.json", {"id": "b", "observations": [arrived(costUsd=1.0)]})
    ran = ratchet("record", other, "--json")
    assert (ran.status, ran.error["code"], ran.error["field"]) == (5, "RATCHET-4001", "id")


@pytest.mark.parametrize(
    ("content", "field", "told"),
    [
        (b"", "source", "nothing in it"),
        (b" \n \n", "source", "nothing in it"),
        (b"[]", "source", "nothing in it"),
        (b'{"observations": []}', "source", "nothing in it"),
        (b"5", "observations", "a list of observations is wanted"),
        (b'{"observations": 5}', "observations", "a list of observations is wanted"),
        (b'{"observations": [{}], "extra": 1}', "extra", "unknown field extra"),
        (b'{"id": "a b", "observations": [{}]}', "id", "1 to 120 letters"),
        (b'{"id": 5, "ts": 0}', "id", "1 to 120 letters"),
        (b'{"a": ', "source", "file is no JSON"),
        (b'{"ts": 1, "ts": 2}', "ts", "file: 'ts' stands twice in one object"),
        (b'{"ts": 1, "ts": 2}\n{"ts": 3}', "ts", "stands twice"),
        (b'{"ts": 1}\n{"meta": {"a": 1, "a": 1}}', "a", "line 2: 'a' stands twice"),
        (b'{\n"a":\n}', "source", "line 3"),
        (b'{"a": 1}\n{"b"', "line 2", "line 2 is no JSON"),
        (b"[" * 100_000, "source", "nested too deep"),
        (b"\xff\xfe", "source", "file is no text in UTF-8: byte 0 is none"),
        (b"\x1f\x8bxxxxxxxx", "source", "file is gzip, and damaged"),
        (gzip.compress(b"[1, 2]", mtime=0)[:-9], "source", "file is cut off in the middle"),
        (
            gzip.compress(b"[1, 2]", mtime=0)[:10] + b"\xff" * 12,
            "source",
            "file is gzip, and damaged",
        ),
    ],
)
def test_a_file_that_cannot_be_read_names_the_place(
    ratchet: Ratchet, content: bytes, field: str, told: str
) -> None:
    Path("file").write_bytes(content)
    ran = ratchet("record", "file", "--json")
    assert (ran.status, ran.error["field"]) == (2, field)
    assert told in ran.error["message"]
    assert observed(ratchet) == []


@pytest.mark.parametrize("verb", ["record", "feedback"])
def test_a_missing_file_and_a_folder_are_named(ratchet: Ratchet, verb: str) -> None:
    ran = ratchet(verb, "no-such-file", "--json")
    assert (ran.status, ran.error["code"]) == (3, "RATCHET-2001")
    ran = ratchet(verb, ".", "--json")
    assert (ran.status, ran.error["message"]) == (2, "cannot read .: Is a directory")


def test_one_bad_observation_is_told_as_one(ratchet: Ratchet) -> None:
    ran = ratchet("record", write_json("bad.json", arrived(costUsd=-1)), "--json")
    assert (ran.status, ran.error["code"], ran.error["field"]) == (2, "RATCHET-1001", "costUsd")


def test_feedback_corrects_a_reward_once_it_is_folded_in(ratchet: Ratchet) -> None:
    score_at_once(ratchet)
    batch = {"id": "b", "observations": [arrived(i) for i in range(2)]}
    ratchet("record", write_json("b.json", batch))
    ratchet("tick", "--only", "score_observations")
    grade = {"obsId": "b.1", "source": "reviewer", "grade": 0.5}
    assert ratchet("feedback", write_json("g.json", grade)).out == "1 taken, 0 refused\n"
    ratchet("tick", "--only", "score_observations")
    shown = {o["id"]: o["reward"]["score"] for o in ratchet("observations", "--json").lines}
    assert shown == {"b.0": 0.85, "b.1": 0.55}


def test_one_bad_grade_in_a_chunk_of_its_own_does_not_hide_the_good_ones(ratchet: Ratchet) -> None:
    good = [{"obsId": f"b.{i}", "source": "s", "grade": 1} for i in range(500)]
    ran = ratchet("feedback", write_json("g.json", [*good, {"obsId": "b.1"}]), "--json")
    assert (ran.status, ran.json["accepted"]) == (0, 500)
    assert [r["index"] for r in ran.json["rejected"]] == [500]
