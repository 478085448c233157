"""Outcome tables for the demo: small ones made here, and the real ones where they lie."""

import random
from pathlib import Path

import pytest

TABLES = Path(__file__).parents[3] / "shared" / "data" / "outcomes"
COLUMNS = "unit,arm,outcome,quality,durationMs,tokensIn,tokensOut,costUsd,errorCode"


def real(name: str) -> Path:
    """Return a table that nobody here wrote; a test that wants it is skipped where it is missing.

    It lies in `../shared/data/outcomes`, seen from the project's root.
    """
    path = TABLES / name
    if not path.exists():
        pytest.skip(f"../shared/data/outcomes/{name} is not here")
    return path


def three_arms(path: Path, rows: int = 60, seed: int = 1) -> Path:
    """Write a table of three arms: `good` succeeds mostly, `fair` half the time, `poor` seldom."""
    rng = random.Random(seed)
    lines = [COLUMNS]
    for arm, rate in (("fair", 0.5), ("good", 0.9), ("poor", 0.2)):
        for i in range(rows):
            known = f"{rng.uniform(200, 900):.1f},100,50,0.001"
            won = i < rate * rows
            lines.append(
                f",{arm},success,,{known}," if won else f",{arm},failure,,,100,0,,http_500"
            )
    path.write_text("\n".join(lines) + "\n")
    return path


def table(path: Path, *lines: str) -> Path:
    """Write a table of these lines."""
    path.write_text("\n".join(lines) + "\n")
    return path
