"""The README keeps its word: its examples run, and its commands exist."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.commanded import shown_in, unknown

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()


def examples() -> dict[str, list[str]]:
    """Return the Python blocks under each heading."""
    parts = re.split(r"^#+ (.+)$", TEXT, flags=re.MULTILINE)
    found = {
        heading: re.findall(r"```python\n(.*?)```", body, re.DOTALL)
        for heading, body in zip(parts[1::2], parts[2::2], strict=True)
    }
    return {heading: blocks for heading, blocks in found.items() if blocks}


@pytest.mark.parametrize("heading", examples())
def test_the_examples_under_a_heading_run_in_order(
    heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("RATCHET_STORE", "RATCHET_KEY", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    space: dict[str, Any] = {"__name__": "readme"}
    for number, block in enumerate(examples()[heading], 1):
        exec(compile(block, f"README.md, {heading}, example {number}", "exec"), space)


def test_no_example_is_left_out() -> None:
    assert TEXT.count("```python") == sum(map(len, examples().values())) > 0


@pytest.mark.parametrize("line", sorted(set(shown_in(TEXT))))
def test_a_command_line_that_is_shown_exists(line: str) -> None:
    assert unknown(line) == ""


def test_every_file_that_is_linked_exists() -> None:
    links = re.findall(r"\]\(((?!https?:)[^)#]+)", TEXT)
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize(
    "line", ["ratchet frobnicate", "ratchet policy shew p", "ratchet seed --x"]
)
def test_a_command_line_that_does_not_exist_is_found(line: str) -> None:
    assert unknown(line)
