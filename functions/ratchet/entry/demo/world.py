"""Worlds to learn from: a table of real outcomes, or three models whose quality drifts."""

import csv
import random
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ratchet.entry.files import open_text
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.observe.observation import Rejection, check_item
from ratchet.observe.reward import RewardConfig
from ratchet.observe.tally import columns_of, score_columns

Row = Mapping[str, Any]
COLUMNS: Mapping[str, Callable[[str], Any]] = {
    "outcome": str,
    "quality": float,
    "durationMs": float,
    "tokensIn": lambda text: int(float(text)),
    "tokensOut": lambda text: int(float(text)),
    "costUsd": float,
    "errorCode": str,
}
WANTED = {"arm", "outcome"}


class World(Protocol):
    """Arms, and what a request to one of them comes to."""

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms' names, sorted."""
        ...

    def respond(self, arm: str, share: float, rng: random.Random) -> Row:
        """Return what an arm does with a request; `share` of the run has passed."""
        ...

    def mean_rewards(self, config: RewardConfig, share: float) -> dict[str, float]:
        """Return each arm's mean reward at a point of the run."""
        ...


@dataclass(frozen=True)
class OutcomeTable:
    """Real outcomes by arm; where every unit has every arm, the unit is drawn first."""

    arms: tuple[str, ...]
    rows: Mapping[str, tuple[Row, ...]]
    units: tuple[Mapping[str, Row], ...]

    def respond(self, arm: str, share: float, rng: random.Random) -> Row:
        """Return a real row of the arm."""
        if self.units:
            return rng.choice(self.units)[arm]
        return rng.choice(self.rows[arm])

    def mean_rewards(self, config: RewardConfig, share: float) -> dict[str, float]:
        """Return each arm's mean reward over its rows."""
        return {arm: mean_reward(rows, arm, config) for arm, rows in self.rows.items()}


def mean_reward(rows: tuple[Row, ...], arm: str, config: RewardConfig) -> float:
    """Return the mean reward of some rows of an arm."""
    return float(np.mean(scores_of([(arm, row) for row in rows], config)))


def scores_of(served: list[tuple[str, Row]], config: RewardConfig) -> list[float]:
    """Return the reward of each (arm, row)."""
    items = [{**row, "component": f"router:{arm}", "ts": EPOCH} for arm, row in served]
    scores: list[float] = score_columns(columns_of(items), config).score.tolist()
    return scores


def load_table(path: Path) -> OutcomeTable:
    """Read an outcome table (`.csv` or `.csv.gz`): unit, arm, outcome, quality, durationMs, ...

    Empty cells are unknown.

    Raises: NotFound; InvalidInput that names line and column.
    """
    rows: dict[str, list[Row]] = defaultdict(list)
    units: dict[str, dict[str, Row]] = defaultdict(dict)
    try:
        with open_text(path) as (file, _):
            reader = csv.DictReader(file)
            missing = WANTED - set(reader.fieldnames or ())
            if missing:
                raise InvalidInput(
                    f"{path} has no column {min(missing)}", field=min(missing), mend="add it"
                )
            for record in reader:
                row = _row(record, f"{path} line {reader.line_num}")
                rows[record["arm"]].append(row)
                answers = units[record.get("unit") or ""]
                if record.get("unit") and record["arm"] in answers:
                    raise InvalidInput(
                        f"{path} line {reader.line_num}: unit {record['unit']} has the arm"
                        f" {record['arm']} twice",
                        field="unit",
                        mend="leave the unit empty, or keep one row",
                    )
                answers[record["arm"]] = row
    except FileNotFoundError as error:
        raise NotFound(
            f"{path} does not exist", field="outcomes", mend="name an outcome table"
        ) from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(
            f"{path} is no table: {error}", field="outcomes", mend="CSV, or CSV in gzip as .gz"
        ) from error
    if len(rows) < 2:
        raise InvalidInput(
            f"{path} has {len(rows)} arms, two are wanted", field="arm", mend="add rows"
        )
    arms = tuple(sorted(rows))
    # Only a whole counterfactual is drawn by unit; else some rows would never be drawn.
    whole = "" not in units and all(len(answers) == len(arms) for answers in units.values())
    drawn = tuple(units.values()) if whole else ()
    return OutcomeTable(arms, {arm: tuple(rows[arm]) for arm in arms}, drawn)


def _row(record: Mapping[str, str], where: str) -> Row:
    """Return a row that can be recorded as it is.

    Raises: InvalidInput that names line and column.
    """
    short = [name for name, text in record.items() if text is None or name is None]
    if short:
        told = "the row has no such cell" if short[0] else "the row has more cells than columns"
        raise InvalidInput(f"{where}: {short[0] or '(whole)'}: {told}", field=short[0] or "(whole)")
    row: dict[str, Any] = {}
    for name, parse in COLUMNS.items():
        text = (record.get(name) or "").strip()
        if text:
            try:
                row[name] = parse(text)
            except (ValueError, OverflowError) as error:
                raise InvalidInput(
                    f"{where}: {name} is {text!r}, a number is wanted", field=name
                ) from error
    named = {"component": f"router:{record['arm']}", "arm": record["arm"], "ts": 0}
    checked = check_item(row | named, 0, now=EPOCH)
    if isinstance(checked, Rejection):
        raise InvalidInput(f"{where}: {checked.field}: {checked.reason}", field=checked.field)
    return row


@dataclass(frozen=True)
class _Model:
    """A simulated model; quality changes from the first half of the run to the second."""

    quality: tuple[float, float]
    latency_ms: float
    cost_usd: float
    limited: float


MODELS: Mapping[str, _Model] = {
    "swift": _Model((0.60, 0.60), 600.0, 0.004, 0.00),
    "steady": _Model((0.90, 0.50), 1100.0, 0.012, 0.00),
    "deep": _Model((0.65, 0.98), 1000.0, 0.015, 0.04),
}


class DriftingModels:
    """Three models: the best one gets worse half way, another gets better but is rate-limited."""

    arms = tuple(sorted(MODELS))

    def respond(self, arm: str, share: float, rng: random.Random) -> Row:
        """Return a simulated answer."""
        model = MODELS[arm]
        if rng.random() < model.limited:
            return {"outcome": "failure", "errorCode": "rate_limit", "costUsd": 0.0}
        mean = model.quality[share >= 0.5]
        return {
            "outcome": "success",
            "quality": round(min(1.0, max(0.0, rng.gauss(mean, 0.15))), 3),
            "durationMs": round(rng.lognormvariate(0.0, 0.4) * model.latency_ms, 1),
            "tokensIn": 400,
            "tokensOut": 150,
            "costUsd": model.cost_usd,
        }

    def mean_rewards(self, config: RewardConfig, share: float) -> dict[str, float]:
        """Return each model's mean reward, from 4,000 draws with a seed of their own."""
        rng = random.Random(7)
        return {
            arm: mean_reward(tuple(self.respond(arm, share, rng) for _ in range(4000)), arm, config)
            for arm in self.arms
        }
