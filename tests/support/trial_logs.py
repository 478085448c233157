"""Logs for `ratchet try`: small ones written here, and what is read from them."""

import random
from pathlib import Path

from ratchet.entry.trial.columns import Told
from ratchet.entry.trial.read import Chunk, Log, chunks, open_log
from ratchet.entry.trial.report import Report
from ratchet.entry.trial.run import Options, try_log

DATA = Path(__file__).parents[3] / "shared" / "data"


def lines(path: Path, *rows: str) -> Path:
    """Write a log of these lines."""
    path.write_text("\n".join(rows) + "\n")
    return path


def read_all(path: Path, *, skip_bad: bool = False, **parts: str) -> tuple[Log, list[Chunk]]:
    """Return a log and all its chunks."""
    log = open_log(path, Told(parts=parts), skip_bad=skip_bad)
    return log, list(chunks(log))


def tried(path: Path, **options: object) -> Report:
    """Return the report of a log."""
    return try_log(path, Options(**options))  # type: ignore[arg-type]  # as a test names them


def two_arms(
    path: Path, rows: int = 4000, *, a: float = 0.5, b: float = 0.5, seed: int = 1
) -> Path:
    """Write a log of two arms with propensities 0.75 and 0.25, hour after hour for two days."""
    rng = random.Random(seed)
    out = ["ts,user_id,model,success,propensity,latency_ms,cost"]
    for i in range(rows):
        arm = "a" if rng.random() < 0.75 else "b"
        won = int(rng.random() < (a if arm == "a" else b))
        ts = 1_767_225_600 + i * 2 * 86_400 // rows
        taken = rng.lognormvariate(6, 0.3)
        spent = 0.001 if arm == "a" else 0.002
        out.append(f"{ts},u{i},{arm},{won},{0.75 if arm == 'a' else 0.25},{taken:.1f},{spent}")
    return lines(path, *out)
