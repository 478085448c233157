"""The README and the guide to labels keep their word: examples run, and commands exist."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.commanded import shown_in, unknown

ROOT = Path(__file__).parents[1]
TEXTS = {name: (ROOT / name).read_text() for name in ("README.md", "docs/labels.md")}


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


def test_every_file_that_is_linked_exists() -> None:
    for name, text in TEXTS.items():
        links = re.findall(r"\]\(((?!https?:)[^)#]+)", text)
        assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize(
    "line", ["ratchet frobnicate", "ratchet policy shew p", "ratchet seed --x"]
)
def test_a_command_line_that_does_not_exist_is_found(line: str) -> None:
    assert unknown(line)
