"""The commands that make examples: trajectories in files, dead letters, a source that stopped."""

import gzip
import io
import json
import sys
from pathlib import Path

import pytest

from ratchet.datasets.extract.clean import MAX_RAW
from tests.support.collecting import trial
from tests.support.commands import Ratchet


def write(name: str, *lines: bytes) -> Path:
    """Write lines into the present folder, compressed where the name says so."""
    data = b"\n".join(lines)
    path = Path(name)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def test_trajectories_of_files_are_collected_once(ratchet: Ratchet) -> None:
    first = write("airline.jsonl.gz", trial(1), trial(2))
    second = write("retail.jsonl", trial(1), b"", trial(2), b"")
    ran = ratchet("dataset", "collect", first, second)
    assert ran.status == 0, ran.err
    assert ran.out.splitlines()[:2] == [
        "airline.jsonl.gz: 2 new, 0 known already, 0 refused",
        "retail.jsonl: 2 new, 0 known already, 0 refused",
    ]
    again = ratchet("dataset", "collect", first, "--json").json
    assert again["files"][str(first)] == {"accepted": 0, "known": 2, "rejected": []}
    assert (again["collected"], again["dead"], again["stopped"]) == (0, 0, [])


def test_lines_of_standard_input_are_collected(
    ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = io.BufferedReader(io.BytesIO(trial(1) + b"\n" + trial(2)))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(given))
    ran = ratchet("dataset", "collect", "-", "--json").json
    assert (ran["collected"], ran["sources"]["trajectories"]["collected"]) == (2, 2)


def test_poisoned_lines_are_answered_or_dead_and_the_others_are_collected(
    ratchet: Ratchet,
) -> None:
    long = b'{"text": "' + b"x" * (10 * 2**20) + b'"}'
    path = write("mixed.jsonl", trial(1), long, b"\x89PNG\x00\xff", *map(trial, range(2, 14)))
    ran = ratchet("dataset", "collect", path)
    assert ran.out.splitlines()[:2] == [
        "mixed.jsonl: 14 new, 0 known already, 1 refused",
        f"  line 2: {MAX_RAW + 1} bytes, a trace has at most {MAX_RAW}",
    ]
    assert "what is dead, and why: ratchet dataset dead" in ran.out
    (letter,) = ratchet("dataset", "dead", "--json").lines
    assert (letter["code"], letter["source"]) == ("RATCHET-7102", "trajectories")
    assert "no UTF-8" in ratchet("dataset", "dead").out
    assert ratchet("dataset", "dead", "--replay", letter["id"]).out == (
        "1 tried: 0 are examples now, 1 are dead still\n"
    )
    assert ratchet("dataset", "dead", "--source", "events", "--json").lines == []
    named = ratchet("dataset", "dead", letter["id"], "--json")
    assert (named.status, named.error["mend"]) == (2, "add --replay, or --drop")


def test_a_source_that_stopped_is_told_and_resumed_by_a_person_with_a_reason(
    ratchet: Ratchet,
) -> None:
    path = write("broken.jsonl", *(b"no json %d" % n for n in range(12)), trial(1))
    ran = ratchet("dataset", "collect", path)
    why = "RATCHET-7101 (whole): no JSON: Expecting value: line 1 column 1 (char 0)"
    assert (ran.status, ran.out.count(why)) == (4, 10)
    assert "trajectories waits for a person" in ran.out
    again = ratchet("dataset", "collect", "--json")
    assert (again.status, '"code": "RATCHET-7104"' in again.err) == (4, True)
    assert json.loads(again.out)["stopped"] == ["trajectories"]
    assert "ratchet dataset resume trajectories --reason ..." in again.err
    assert ratchet("dataset", "status").out.count(why) == 10
    ran = ratchet("dataset", "resume", "trajectories", "--reason", "it was a test")
    assert ran.out.startswith("trajectories is collected again")
    assert ran.out.count(why) == 10
    assert ratchet("dataset", "collect", "--json").json["dead"] == 12
    again = ratchet("dataset", "resume", "trajectories", "--reason", "twice", "--json")
    assert (again.status, again.error["code"]) == (4, "RATCHET-3003")


def test_dead_letters_are_dropped_by_a_person_with_a_reason(ratchet: Ratchet) -> None:
    ratchet("dataset", "collect", write("mixed.jsonl", b"no json", trial(1)))
    (letter,) = ratchet("dataset", "dead", "--json").lines
    drop = ("dataset", "dead", "--drop", letter["id"])
    assert ratchet(*drop, "--json").error["field"] == "reason"
    both = ratchet(*drop, "--replay", "--json")
    assert (both.status, both.error["field"]) == (2, "--drop")
    ran = ratchet(*drop, "--reason", "a wrong file", "--by", "ada")
    assert (ran.status, ran.out) == (0, "1 dropped, with what arrived\n")
    assert ratchet("dataset", "dead", "--json").lines == []


def test_a_file_of_something_else_is_refused_and_nothing_of_it_is_kept(ratchet: Ratchet) -> None:
    ran = ratchet("dataset", "collect", write("pretty.json", b"{", b'"traj": []', b"}"), "--json")
    assert (ran.status, ran.error["field"]) == (2, "file")
    assert ran.error["message"] == (
        "3 lines of pretty, and none is a trajectory: nothing of it is kept"
    )
    assert ratchet("dataset", "collect", "--json").json["dead"] == 0


def test_a_file_that_cannot_be_read_is_named(ratchet: Ratchet) -> None:
    missing = ratchet("dataset", "collect", "gone.jsonl", "--json")
    assert (missing.status, missing.error["message"]) == (3, "gone.jsonl does not exist")
    path = write("cut.jsonl.gz", trial(1))
    path.write_bytes(path.read_bytes()[:-20])
    cut = ratchet("dataset", "collect", path, "--json")
    assert (cut.status, cut.error["field"]) == (2, "file")
    assert cut.error["message"] == "cut.jsonl.gz is cut off in the middle"
    path.write_bytes(gzip.compress(trial(1))[:12] + b"\xff" * 40)
    torn = ratchet("dataset", "collect", path, "--json")
    assert torn.error["message"] == "cut.jsonl.gz is gzip, and damaged"
    folder = ratchet("dataset", "collect", ".", "--json")
    assert folder.error["message"] == "cannot read .: Is a directory"
