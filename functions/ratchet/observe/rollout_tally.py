"""From outcomes and exposures to the sums of their rollout buckets; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from ratchet.kernel.clock import hour_of
from ratchet.observe.judged_columns import judged_columns
from ratchet.observe.observation import countable, exposures_of, item_ids, items_of
from ratchet.observe.tally import Columns, columns_of, score_columns
from ratchet.observe.watched import Watched
from ratchet.stats.bins import Bins, bin_of, grouped_bins
from ratchet.stats.bucket import OTHER
from ratchet.stats.moments import SCALES, Floats, Ints, to_units
from ratchet.stats.quantiles import Histogram, histogram_of
from ratchet.stats.rollout_bucket import RolloutSums
from ratchet.stats.units import Units, unit_hash, units_of
from ratchet.store.port import Snapshot

Item = Mapping[str, Any]


class Row(NamedTuple):
    """One outcome or exposure, its id, and when it came in."""

    item: Item
    id: str
    ingested_at: datetime

    @property
    def unit(self) -> str:
        """The unit's pseudonym; an observation without a unit is its own."""
        return str(self.item.get("unit", self.id))

    @property
    def exposed_at(self) -> datetime:
        """When the unit met its arm."""
        met: datetime = self.item.get("exposedAt", self.item["ts"])
        return met


class Cell(NamedTuple):
    """What one rollout bucket is about."""

    rollout: str
    step: int
    arm: str
    hour: datetime


@dataclass(frozen=True)
class Tallied:
    """What rows add to rollout buckets; `foreign` (rollout, step, arm) count in none."""

    sums: Mapping[Cell, RolloutSums] = field(default_factory=dict)
    units: Mapping[Cell, Units] = field(default_factory=dict)
    foreign: frozenset[tuple[str, int, str]] = frozenset()


def outcome_rows(documents: Iterable[Snapshot]) -> list[Row]:
    """Return the observations of documents that an arm of a rollout served."""
    return [
        Row(item, key, found.data["ingestedAt"])
        for found in documents
        if any("rolloutArm" in item for item in items_of(found.data))
        for key, item in zip(item_ids(found.ref.id, found.data), items_of(found.data), strict=True)
        if "rolloutArm" in item
    ]


def exposure_rows(documents: Iterable[Snapshot]) -> list[Row]:
    """Return the exposures of documents."""
    return [
        Row(item, found.ref.id, found.data["ingestedAt"])
        for found in documents
        for item in exposures_of(found.data)
    ]


def is_timely(row: Row, ingested_at: datetime, watched: Mapping[str, Watched]) -> bool:
    """Say whether what came in at an instant is within the outcome window of a row."""
    known = watched.get(row.item.get("rolloutId", ""))
    return known is not None and ingested_at <= known.watch.closes(row.exposed_at)


def tally_rollouts(
    outcomes: Sequence[Row], exposures: Sequence[Row], watched: Mapping[str, Watched]
) -> Tallied:
    """Return what outcomes within their windows, and exposures, add to rollout buckets.

    Rewards are those of the epoch that the rollout is pinned to, whatever the present one is.
    """
    if not outcomes and not exposures:
        return Tallied()
    own_outcomes, foreign = _own(outcomes, "rolloutStep", watched)
    own_exposures, unmet = _own(exposures, "step", watched)
    timely = [row for row in own_outcomes if is_timely(row, row.ingested_at, watched)]
    cells: dict[Cell, int] = {}
    seen = _placed(own_exposures, "step", watched, cells)
    done = _placed(timely, "rolloutStep", watched, cells)
    count = len(cells)
    ones = np.ones(len(seen.rows), np.int64)
    columns = _outcome_bins(timely, done, watched, count) | {
        "exposures": grouped_bins(ones, seen.bins, seen.groups, count)
    }
    met: list[set[int]] = [set() for _ in cells]
    for placed in (seen, done):
        for unit, group in zip(placed.units, placed.groups.tolist(), strict=True):
            met[group].add(unit)
    return Tallied(
        sums={
            cell: RolloutSums.model_construct(**{name: c[g] for name, c in columns.items()})
            for cell, g in cells.items()
        },
        units={cell: units_of(met[g]) for cell, g in cells.items()},
        foreign=foreign | unmet,
    )


def _own(
    rows: Sequence[Row], step: str, watched: Mapping[str, Watched]
) -> tuple[list[Row], frozenset[tuple[str, int, str]]]:
    """Return the rows whose rollout, step and arm are known, and what the others name."""
    own, foreign = [], set()
    for row in rows:
        name, number, arm = row.item.get("rolloutId", ""), row.item[step], row.item["rolloutArm"]
        known = watched.get(name)
        if known and 0 <= number < known.watch.steps and arm in known.watch.arms:
            own.append(row)
        else:
            foreign.add((name, number, arm))
    return own, frozenset(foreign)


@dataclass(frozen=True)
class _Placed:
    """Rows in their cells, a row once for each. Shapes: rows, groups, bins (k,)."""

    rows: Ints
    groups: Ints
    bins: Ints
    units: list[int]


def _placed(
    rows: Sequence[Row], step: str, watched: Mapping[str, Watched], cells: dict[Cell, int]
) -> _Placed:
    hashes: dict[str, tuple[int, int]] = {}
    at, groups, bins, units = [], [], [], []
    for i, row in enumerate(rows):
        item, unit = row.item, row.unit
        if unit not in hashes:
            hashes[unit] = bin_of(unit), unit_hash(unit)
        name, number, hour = item["rolloutId"], item[step], hour_of(row.exposed_at)
        for arm in watched[name].watch.places(
            item["rolloutArm"], shadow=item.get("shadow", False), paired=item.get("paired", ())
        ):
            at.append(i)
            groups.append(cells.setdefault(Cell(name, number, arm, hour), len(cells)))
            bins.append(hashes[unit][0])
            units.append(hashes[unit][1])
    rows_at, in_groups, in_bins = (np.array(c, np.int64) for c in (at, groups, bins))
    return _Placed(rows_at, in_groups, in_bins, units)


def _outcome_bins(
    rows: Sequence[Row], placed: _Placed, watched: Mapping[str, Watched], count: int
) -> dict[str, list[Any]]:
    """Return the sums of outcomes, field by field, each a list over cells."""
    columns = columns_of([row.item for row in rows])
    found = [watched[row.item["rolloutId"]] for row in rows]
    w, latency = columns.weight, columns.latency_ms
    limits = [known.watch.latency_objective_ms for known in found]
    over = latency > np.array([np.inf if limit is None else limit for limit in limits])
    outcome = np.array(columns.outcomes)
    one = np.ones(len(rows), np.int64)
    fields: dict[str, Ints] = {"n": one, "w": w, "over": w * over}
    fields |= {name: w * (outcome == name) for name in ("success", "failure", "timeout")}
    fields["reward_wx"] = w * to_units(_scores(columns, found), SCALES["reward"])
    metrics = {"quality": columns.quality, "cost": columns.cost_usd, "latency": latency}
    for name, values in metrics.items():
        known = ~np.isnan(values)
        fields[f"{name}_w"] = w * known
        fields[f"known_{name}"] = w * (known & columns.success)
        if name != "latency":
            fields[f"{name}_wx"] = w * to_units(np.nan_to_num(values), SCALES[name])
    fields |= judged_columns([row.item for row in rows], w, columns.success)
    at, groups = placed.rows, placed.groups
    sums = {n: grouped_bins(v[at], placed.bins, groups, count) for n, v in fields.items()}
    return sums | {
        "errors": _errors(columns, placed, count),
        "latency_bins": _histograms(latency[at], w[at], groups, count),
    }


def _scores(columns: Columns, found: Sequence[Watched]) -> Floats:
    """Score each outcome under the configuration that its rollout is pinned to."""
    out = np.zeros(len(found))
    which = np.array([known.watch.epoch for known in found])
    for epoch, config in {known.watch.epoch: known.config for known in found}.items():
        out[which == epoch] = score_columns(columns, config).score[which == epoch]
    return out


def _errors(columns: Columns, placed: _Placed, count: int) -> list[dict[str, Bins]]:
    out: list[dict[str, Bins]] = [{} for _ in range(count)]
    codes = [code if code is None or countable(code) else OTHER for code in columns.errors]
    named = np.array(codes, dtype=object)[placed.rows]
    for code in sorted({code for code in codes if code is not None}):
        rows = named == code
        w = columns.weight[placed.rows][rows]
        sums = grouped_bins(w, placed.bins[rows], placed.groups[rows], count)
        for group, bins in enumerate(sums):
            if bins.packed:
                out[group][code] = bins
    return out


def _histograms(latency: Floats, w: Ints, groups: Ints, count: int) -> list[Histogram]:
    """Return the latencies of each cell, in whole microseconds as all sums hold them."""
    rounded = to_units(np.nan_to_num(latency), SCALES["latency"]) / SCALES["latency"]
    known = ~np.isnan(latency)
    rows = [np.flatnonzero(known & (groups == g)) for g in range(count)]
    return [histogram_of(rounded[r], w[r]) if r.size else Histogram() for r in rows]
