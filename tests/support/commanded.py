"""Command lines that texts show, held against the commands there are."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import typer

from ratchet.entry.cli.app import app

ROOT: Any = typer.main.get_command(app)


def unknown(line: str) -> str:
    """Return what a line `ratchet ...` names that does not exist, or nothing."""
    group, words = ROOT, _words(line)
    while words and not words[0].startswith("-") and hasattr(group, "commands"):
        names = words.pop(0).split("|")
        missing = [name for name in names if name not in group.commands]
        if missing:
            return missing[0]
        group = group.commands[names[0]]
    known = {name for p in group.params for name in (*p.opts, *p.secondary_opts)}
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    return min(options - known - {"--help"}, default="")


def _words(line: str) -> list[str]:
    plain = re.sub(r"[\[\],;]", " ", line.replace("\\|", "|"))
    return shlex.split(plain, comments=True)[1:]


def shown_in(markdown: str) -> Iterator[str]:
    """Yield every line `ratchet ...` of the console blocks and code spans of a text."""
    for block in re.findall(r"```console\n(.*?)```", markdown, re.DOTALL):
        yield from re.findall(r"^\$ (ratchet .*)$", block, re.MULTILINE)
    prose = re.sub(r"```.*?```", "", markdown, flags=re.DOTALL)
    yield from re.findall(r"`(ratchet [^`]*)`", prose)
