"""Trajectories: what is read of a file, and what a broken one is told."""

import gzip
from pathlib import Path

import pytest

from ratchet.entry.demo.runs import trajectory as module
from ratchet.entry.demo.runs.trajectory import read_trajectories
from ratchet.kernel.errors import InvalidInput, NotFound
from tests.support.trajectories import sample, trajectory, written


def test_trajectories_come_by_trial_and_task_packed_or_not(tmp_path: Path) -> None:
    lines = [trajectory(10, 1), trajectory(2, 1), trajectory(10, 0)]
    plain = written(tmp_path / "t.jsonl", *lines)
    packed = tmp_path / "t.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes() + b"\n\n"))
    for path in (plain, packed):
        found = [(one.trial, one.task_id) for one in read_trajectories(path)]
        assert found == [(0, 10), (1, 2), (1, 10)]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 2 is no JSON"),
        ('{"task_id": 1}', "line 2"),
        ('{"task_id": 1, "reward": 2, "traj": [{"role": "user"}]}', "line 2"),
        ('{"task_id": 1, "reward": 1, "traj": []}', "line 2"),
    ],
)
def test_a_broken_line_is_named_with_what_is_wanted(tmp_path: Path, line: str, told: str) -> None:
    path = written(tmp_path / "t.jsonl", trajectory())
    path.write_text(path.read_text() + "\n" + line)
    with pytest.raises(InvalidInput, match=told) as raised:
        read_trajectories(path)
    assert (raised.value.field, "tau-bench" in raised.value.mend) == ("file", True)


def test_without_the_sample_data_it_says_so_and_how_to_name_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "_BESIDE_PROJECT", tmp_path)
    with pytest.raises(NotFound, match="the sample data are not here") as raised:
        read_trajectories(None)
    assert raised.value.mend.endswith("ratchet demo --runs FILE")
    with pytest.raises(InvalidInput, match="has no trajectories"):
        read_trajectories(written(tmp_path / "empty.jsonl"))


def test_the_airline_trajectories_pass_as_often_as_their_source_says() -> None:
    found = read_trajectories(sample())
    tasks = {str(one.task_id) for one in found}
    passes = {task: [o.passed for o in found if str(o.task_id) == task] for task in tasks}
    assert (len(found), len(tasks)) == (200, 50)
    assert sum(map(sum, passes.values())) / 200 == 0.42
    assert sum(map(all, passes.values())) / 50 == 0.2  # pass^4
