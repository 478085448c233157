"""Read: chunks of columns, unknown as NaN, and bad cells told of by line and column."""

from pathlib import Path

import numpy as np
import pytest

from ratchet.entry.trial.columns import MAX_ARMS
from ratchet.kernel.errors import InvalidInput
from tests.support.trial_logs import lines, read_all


def test_columns_are_in_the_units_of_a_report_and_unknown_is_nan(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "t.csv",
        "model,ok,stars,latency_s,cost_cents,weight",
        "a,true,5,1.5,20,1",
        "b,false,,,,3",
        "a,,1,2,0,",
    )
    log, (chunk,) = read_all(file)
    assert log.arms == ["a", "b"]
    assert chunk.arm.tolist() == [0, 1, 0]
    nan = np.nan
    wanted = {
        "success": [1, 0, nan],
        "quality": [1, nan, 0],
        "latency": [1500, nan, 2000],
        "cost": [0.2, nan, 0],
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(chunk.metrics[name], values)
    assert chunk.weight.tolist() == [1, 3, 1]


def test_rows_of_a_unit_share_a_hash_and_rows_without_one_have_their_own(tmp_path: Path) -> None:
    file = lines(tmp_path / "t.csv", "arm,user,ok", "a,u,1", "b,u,1", "a,v,1", "a,,1", "a,,0")
    _, (chunk,) = read_all(file)
    assert chunk.unit[0] == chunk.unit[1]
    assert len(set(chunk.unit.tolist())) == 4
    assert chunk.nameless == 2


def test_arms_with_a_column_each_are_a_row_each_of_the_lines_unit(tmp_path: Path) -> None:
    file = lines(tmp_path / "t.jsonl", '{"s": {"x": 1, "y": 0}}', '{"s": {"x": 0.5, "y": null}}')
    log, (chunk,) = read_all(file)
    assert log.arms == ["x", "y"]
    rows = zip(chunk.arm, chunk.unit, chunk.metrics["quality"], strict=True)
    by_unit = {(int(a), int(u)): float(q) for a, u, q in rows}
    assert len(by_unit) == 4
    assert len(set(chunk.unit.tolist())) == 2
    assert sorted(chunk.metrics["quality"][~np.isnan(chunk.metrics["quality"])]) == [0, 0.5, 1]


def test_an_arm_of_several_columns_is_named_by_all_of_them(tmp_path: Path) -> None:
    file = lines(tmp_path / "t.csv", "p,size,ok", "x,7b,1", "x,70b,0", "y,,1")
    log, _ = read_all(file, arm="p,size")
    assert log.arms == ["x/7b", "x/70b", "y"]


@pytest.mark.parametrize(
    ("header", "row", "field"),
    [
        ("arm,ok", "b,great", "ok"),
        ("arm,score", "b,many", "score"),
        ("arm,latency_ms", "b,-1", "latency_ms"),
        ("arm,cost", "b,inf", "cost"),
        ("arm,ok,propensity", "b,1,0", "propensity"),
        ("arm,ok,propensity", "b,1,1.5", "propensity"),
        ("arm,ok,weight", "b,1,0.5", "weight"),
        ("arm,ok,ts", "b,1,noon", "ts"),
        ("arm,ok", "b", "(whole)"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column_or_its_row_is_left_out(
    tmp_path: Path, header: str, row: str, field: str
) -> None:
    columns = header.split(",")
    good = {"ok": "1", "score": "5", "propensity": "0.5", "weight": "2", "ts": "2026-01-01"}
    fine = ",".join(["a", *(good.get(name, "3") for name in columns[1:])])
    file = lines(tmp_path / "t.csv", header, fine, fine, row, fine)
    with pytest.raises(InvalidInput, match=r"t\.csv line 4: ") as caught:
        read_all(file)
    assert caught.value.field == field
    assert "--skip-bad" in caught.value.mend
    log, (chunk,) = read_all(file, skip_bad=True)
    assert (log.rows, log.bad, log.arms) == (3, 1, ["a"])
    assert "line 4" in log.told[0]
    assert len(chunk.arm) == 3


def test_rows_without_an_arm_are_counted_and_left_out(tmp_path: Path) -> None:
    log, (chunk,) = read_all(lines(tmp_path / "t.csv", "arm,ok", "a,1", ",1", "b,0"))
    assert (log.rows, log.armless, chunk.arm.tolist()) == (2, 1, [0, 1])


def test_a_column_of_too_many_values_is_no_arm(tmp_path: Path) -> None:
    rows = [f"m{i},1" for i in range(MAX_ARMS + 1)]
    with pytest.raises(InvalidInput, match="more than 100 values"):
        read_all(lines(tmp_path / "t.csv", "arm,ok", *rows), arm="arm")


def test_a_long_log_comes_in_several_chunks_with_nothing_lost(tmp_path: Path) -> None:
    rows = [f"{'ab'[i % 2]},{int(i % 3 == 0)}" for i in range(45_000)]
    log, found = read_all(lines(tmp_path / "t.csv", "arm,ok", *rows))
    assert (len(found), log.rows) == (3, 45_000)
    assert sum(c.metrics["success"].sum() for c in found) == 15_000
    assert len({int(u) for c in found for u in c.unit}) == 45_000
