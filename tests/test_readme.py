"""The README and the guides keep their word: examples run, and commands exist."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.support.commanded import shown_in, unknown
from tests.support.commands import command_line

ROOT = Path(__file__).parents[1]
TEXTS = {
    name: (ROOT / name).read_text()
    for name in ("README.md", "docs/labels.md", "docs/runs.md", "docs/datasets.md")
}


def examples() -> dict[tuple[str, str], list[str]]:
    """Return the Python blocks under each heading of each text."""
    found = {
        (name, heading): re.findall(r"```python\n(.*?)```", body, re.DOTALL)
        for name, text in TEXTS.items()
        for parts in [re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)]
        for heading, body in zip(parts[1::2], parts[2::2], strict=True)
    }
    return {place: blocks for place, blocks in found.items() if blocks}


@pytest.mark.parametrize("place", examples(), ids=": ".join)
def test_the_examples_under_a_heading_run_in_order(
    place: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("RATCHET_STORE", "RATCHET_KEY", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    space: dict[str, Any] = {"__name__": "readme"}
    for number, block in enumerate(examples()[place], 1):
        exec(compile(block, f"{': '.join(place)}, example {number}", "exec"), space)


def test_no_example_is_left_out() -> None:
    there = sum(text.count("```python") for text in TEXTS.values())
    assert there == sum(map(len, examples().values())) > 0


@pytest.mark.parametrize(
    "line", sorted({line for text in TEXTS.values() for line in shown_in(text)})
)
def test_a_command_line_that_is_shown_exists(line: str) -> None:
    assert unknown(line) == ""


LINES = re.findall(r"^\| .+ \| `ratchet (.+ FILE)` \| `({.+})` \|$", TEXTS["docs/labels.md"], re.M)


def test_each_line_that_is_shown_is_taken_by_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("RATCHET_STORE", "RATCHET_KEY", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    ratchet = command_line(capsys)
    assert ratchet("seed").status == 0
    assert len(LINES) == 5
    for command, line in LINES:
        Path("FILE").write_text(line)
        ran = ratchet(*shlex.split(command.replace("SET", "checked")), "--json")
        assert (ran.status, ran.err) == (0, ""), line
        taken = next(
            ran.json[name] for name in ("accepted", "changed", "added") if name in ran.json
        )
        assert (taken, ran.json.get("rejected", [])) == (1, []), line


def test_every_file_that_is_linked_exists() -> None:
    for name, text in TEXTS.items():
        links = re.findall(r"\]\(((?!https?:)[^)#]+)", text)
        assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize(
    "line", ["ratchet frobnicate", "ratchet policy shew p", "ratchet seed --x"]
)
def test_a_command_line_that_does_not_exist_is_found(line: str) -> None:
    assert unknown(line)
