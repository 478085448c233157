"""Certify: `python -m certify [--small] [GROUP ...] [OUT.json]`; exits 1 on a missed limit."""

import importlib
import json
import os
import sys
import time
from pathlib import Path

from bench.__main__ import line, row
from bench.figure import Figure
from certify.measure import SEED, processes

# In the order of the table; to add a group: write its file, add its name here.
GROUPS = (
    "looks",
    "composition",
    "clusters",
    "ramps",
    "outcomes",
    "costs",
    "sampling",
    "late",
    "missing",
    "corrected",
    "runs",
    "lost",
    "shadow",
    "margins",
    "programme",
    "sequential",
    "ratio",
    "replay",
    "road",
    "cards",
)
WIDTH = 112
SLACK = 2.0  # Monte Carlo errors that the small form may be beyond a limit


def main(arguments: list[str]) -> int:
    """Measure the groups, print the table, and write the figures where a file is named."""
    small = "--small" in arguments
    files = [name for name in arguments if name.endswith(".json")]
    groups = [name for name in GROUPS if name in arguments] or GROUPS
    if unknown := {*arguments} - {*files, *GROUPS, "--small"}:
        print(f"no group {', '.join(sorted(unknown))}: {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    print(f"seed {SEED}{', the small form' if small else ''}; +- is the Monte Carlo error")
    with processes(os.cpu_count() or 1):
        figures = [figure for group in groups for figure in measured(group, small)]
    if files:
        Path(files[0]).write_text(json.dumps([row(f) for f in figures], indent=2) + "\n")
    missed = [figure.name for figure in figures if beyond(figure, SLACK if small else 0.0)]
    for name in missed:
        print(f"missed: {name}", file=sys.stderr)
    return 1 if missed else 0


def measured(group: str, small: bool) -> list[Figure]:
    """Return the figures of a group, and print them."""
    began = time.perf_counter()
    found: list[Figure] = importlib.import_module(f"certify.{group}").figures(small)
    print(f"{group}, {time.perf_counter() - began:.0f} s")
    for figure in found:
        print("  " + line(figure, WIDTH), flush=True)
    return found


def beyond(figure: Figure, errors: float) -> bool:
    """Say whether a figure misses its limit by more than so many Monte Carlo errors."""
    if figure.limit is None:
        return False
    by = figure.value - figure.limit if figure.better == "lower" else figure.limit - figure.value
    return by > errors * (figure.error or 0.0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
