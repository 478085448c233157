"""Records: tables and JSON lines, plain and packed, and the lines that faults are on."""

import gzip
from pathlib import Path

import pytest

from ratchet.entry.trial.records import blocks, look_into
from ratchet.kernel.errors import InvalidInput, NotFound
from tests.support.trial_logs import lines


def test_a_table_and_its_packed_and_marked_forms_are_the_same(tmp_path: Path) -> None:
    plain = lines(tmp_path / "t.csv", "arm,ok", "a,1", "b,0")
    packed, marked = tmp_path / "t.csv.gz", tmp_path / "m.csv"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    marked.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes())
    for path in (plain, packed, marked):
        layout, block = look_into(path)
        assert layout.names == ("arm", "ok")
        assert {k: list(v) for k, v in block.cells.items()} == {"arm": ["a", "b"], "ok": ["1", "0"]}


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_is_the_most_frequent_one_of_the_header(
    tmp_path: Path, delimiter: str
) -> None:
    file = lines(tmp_path / "t.csv", delimiter.join(("arm", "ok", "x")), delimiter.join("a10"))
    assert look_into(file)[0].names == ("arm", "ok", "x")


def test_json_lines_are_flattened_and_a_name_that_is_missing_is_unknown(tmp_path: Path) -> None:
    file = lines(tmp_path / "t.jsonl", '{"m": "a", "u": {"c": 1, "l": [2]}}', "", '{"m": "b"}')
    layout, block = look_into(file)
    assert layout.names == ("m", "u.c", "u.l")
    assert block.cells["u.c"] == [1, None]
    assert block.cells["u.l"] == ["[2]", None]
    assert block.lines == [1, 3]


def test_the_lines_of_rows_are_right_beside_blank_lines_and_cells_of_several_lines(
    tmp_path: Path,
) -> None:
    file = lines(tmp_path / "t.csv", "arm,ok", "a,1", "", '"b\nb",0', "c", "d,1")
    layout, block = look_into(file)
    assert list(block.lines) == [2, 5, 7]
    assert block.faults == [(6, "the row has 1 cells, the header 2")]
    by_one = list(blocks(layout, ("arm",), 1))
    assert [line for b in by_one for line in b.lines] == [2, 5, 7]
    assert [cell for b in by_one for cell in b.cells["arm"]] == ["a", "b\nb", "d"]


def test_faults_of_json_lines_name_their_line(tmp_path: Path) -> None:
    _, block = look_into(lines(tmp_path / "t.jsonl", '{"m": 1}', "{", "[1]", '{"m": 2}'))
    assert block.lines == [1, 4]
    assert [line for line, _ in block.faults] == [2, 3]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no line of column names"),
        (b"1,2\n3,4\n", "no line of column names"),
        (b"arm,ok\n", "no rows"),
        (b"arm,arm\n1,2\n", "there twice"),
        (b'[{"a": 1}]', "one JSON array"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"arm,ok\n" + b"x" * 1_100_000 + b",1\n", "cannot be read"),
    ],
)
def test_what_is_no_log_is_refused_with_a_mend(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(content)
    with pytest.raises(InvalidInput, match=told) as caught:
        look_into(file)
    assert caught.value.mend


def test_a_missing_log_is_not_found_and_a_broken_or_unpacked_gzip_is_told_of(
    tmp_path: Path,
) -> None:
    with pytest.raises(NotFound):
        look_into(tmp_path / "nowhere.csv")
    file = tmp_path / "t.csv.gz"
    for content in (b"arm,ok\na,1\n", gzip.compress(b"arm,ok\na,1\n")[:-6]):
        file.write_bytes(content)
        with pytest.raises(InvalidInput, match="cannot be read"):
            look_into(file)


def test_a_long_prompt_in_a_cell_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text("arm,prompt\na," + "x" * 500_000 + "\nb,y\n")
    _, block = look_into(file)
    assert block.cells["arm"] == ("a", "b")
