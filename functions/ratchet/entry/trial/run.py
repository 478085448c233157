"""Try: read a log once (again for replay), and say what it holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np

from ratchet.entry.trial.columns import Told
from ratchet.entry.trial.earned import (
    EVERY,
    HALF,
    SUGGESTED,
    Earned,
    Spool,
    by_replay,
    parse_weights,
    suggest,
    vector_of,
    without_propensity,
)
from ratchet.entry.trial.estimates import inside, mean_of, weighted_of
from ratchet.entry.trial.frontier import Axis, Frontier, frontier
from ratchet.entry.trial.goal import other_goals, possible_goals, value_beside, varies, width_of
from ratchet.entry.trial.judge import judge
from ratchet.entry.trial.looks import PARTS, Looks
from ratchet.entry.trial.paired import Paired, compare_pairs, table_of
from ratchet.entry.trial.peek import HIGHER
from ratchet.entry.trial.read import Log, OnRead, chunks, open_log
from ratchet.entry.trial.report import ArmReport, Peeking, Report
from ratchet.entry.trial.sample import Sample
from ratchet.entry.trial.summary import summarise
from ratchet.entry.trial.tally import Sums, Tally
from ratchet.kernel.errors import InvalidInput


@dataclass(frozen=True)
class Options:
    """What a person may say beside the columns."""

    told: Told = field(default_factory=Told)
    control: str | None = None
    goal: str | None = None
    weights: str | None = None
    skip_bad: bool = False
    seed: int = 1
    shown: str = ""  # what to call the log, where its path says nothing


@dataclass(frozen=True)
class Read:
    """A log that was read, and its sums."""

    log: Log
    tally: Tally
    looks: Looks
    goal: str
    control: int
    spool: Spool | None

    @property
    def names(self) -> list[str]:
        """The arms' names, by their place."""
        return self.log.arms

    @property
    def sums(self) -> Sums:
        """The sums of the goal."""
        return self.tally.metrics[self.goal]

    @property
    def span(self) -> float | None:
        """The width of the goal's range, where it has one."""
        if self.goal in ("success", "quality"):
            return 1.0
        wide = self.sums.most - self.sums.least
        return wide if self.goal == "reward" and wide > 0 else None


def try_log(path: Path, options: Options, on_read: OnRead = lambda rows, at: None) -> Report:
    """Return what a log says of its arms; reads it once.

    Raises: NotFound, InvalidInput.
    """
    log = open_log(path, options.told, skip_bad=options.skip_bad, shown=options.shown)
    with TemporaryFile() as file:
        read = _read(log, options, file, on_read)
        return _report(read, options)


def _report(read: Read, options: Options) -> Report:
    log, tally = read.log, read.tally
    arms = summarise(log, tally)
    paired = _paired(read)
    return Report(
        log=log.layout.shown,
        rows=log.rows,
        skipped=log.bad,
        skipped_shown=tuple(log.told),
        without_arm=log.armless,
        columns=tuple(log.columns.parts.values()),
        wide=log.columns.wide,
        unused=log.columns.unused,
        goal=read.goal,
        goal_better="higher" if read.goal in HIGHER else "lower",
        other_goals=other_goals(read.goal, tally.metrics, options.goal),
        weighted=tally.weighted,
        units=_units(log, tally),
        arms=arms,
        frontier=_frontier(arms, read),
        paired=paired,
        weights=_earned(read, options, paired),
        peeking=_peeking(read, options),
    )


def _read(log: Log, options: Options, file: IO[bytes], on_read: OnRead) -> Read:
    if not log.metrics:
        raise InvalidInput(
            f"no column says how well an arm did; the columns are: {', '.join(log.layout.names)}",
            field="outcome",
            mend="--outcome, --quality, --reward, --latency or --cost COLUMN",
        )
    tally = Tally({name: Sums() for name in log.metrics})
    goals = possible_goals(log, options.goal)
    looks = Looks(goals, log.columns.has("ts"), options.seed, Sample(width=PARTS * len(goals)))
    spool = Spool(log.arms, goals, file) if log.columns.has("propensity") else None
    for chunk in chunks(log, on_read):
        tally.add(chunk)
        looks.add(chunk)
        if spool:
            spool.add(chunk)
    looks.settle()
    if not log.rows:
        told = f"{log.layout.shown} has no rows with an arm"
        raise InvalidInput(told, field="arm", mend="--arm COLUMN")
    varied = [name for name in goals if varies(tally.metrics[name])]
    control = _control(tally, log.arms, options.control)
    return Read(log, tally, looks, (varied or goals)[0], control, spool)


def _control(tally: Tally, arms: Sequence[str], told: str | None) -> int:
    """Return the control's place: the one named, else the arm with most rows."""
    if told is None:
        return int(np.argmax(tally.every.rows.sum(1)[: len(arms)]))
    if told not in arms:
        raise InvalidInput(
            f"the log has no arm {told}",
            field="control",
            mend="one of " + ", ".join(arms[:20]),
        )
    return arms.index(told)


def _units(log: Log, tally: Tally) -> str:
    if log.columns.wide and not log.columns.has("unit"):
        return "each line is a unit"
    if not log.columns.has("unit"):
        return "no unit is known: each row counts as its own"
    return f"rows without a unit, each its own: {tally.nameless:,}" if tally.nameless else ""


def _paired(read: Read) -> Paired | None:
    sample = read.looks.sample
    table = table_of(sample, read.looks.names.index(read.goal), len(read.names))
    sign = 1 if read.goal in HIGHER else -1
    return compare_pairs(table, read.names, read.control, sign, sample.share)


def _frontier(arms: tuple[ArmReport, ...], read: Read) -> Frontier:
    cost = {a.arm: k.estimate for a in arms if (k := a.metrics.get("cost")) and k.estimate}
    p50 = {a.arm: a.p50 for a in arms if a.p50}
    metric = value_beside(read.goal, read.tally.metrics)
    value = {a.arm: k.estimate for a in arms if metric and (k := a.metrics[metric]).estimate}
    names = [arm.arm for arm in arms]
    prices = [Axis("cost", cost), Axis("p50 latency", p50)]
    if read.goal == "latency":
        prices.reverse()
    return frontier(names, prices, Axis(metric, value) if metric else None)


def _earned(read: Read, options: Options, paired: Paired | None) -> Earned | None:
    names, k = read.names, len(read.names)
    num, den, first = read.sums.num[:k], read.sums.den[:k], 0
    if options.weights:
        weights, how = parse_weights(options.weights, names), "as given"
    elif read.goal in HIGHER and read.sums.least >= 0 and k > 1:
        how, first = SUGGESTED, HALF
        weights = suggest(names, num[:, :HALF], den[:, :HALF], options.seed)
        if not weights or (den[[names.index(a) for a in weights], HALF:].sum(1) <= 0).any():
            return None
    else:
        return None
    num, den = num[:, first:], den[:, first:]
    logged = inside(read.goal, mean_of(num.sum(0), den.sum(0), read.span or 0.0))
    if read.spool is None:
        vector = vector_of(weights, names)
        value = inside(read.goal, weighted_of(vector, num, den, read.span or 0.0))
        said = without_propensity(read.log.columns.unused, options.told.parts.get("propensity"))
        said = EVERY if paired is not None and paired.whole else said
        return Earned(weights=weights, how=how, said=said, logged=logged, value=value)
    span = width_of(read.goal, read.sums)
    found, refused = by_replay(read.spool, read.goal, weights, span, first)
    said = "replay refuses to say" if refused else "replay, by the log's propensities"
    return Earned(
        weights=weights,
        how=how,
        said=said,
        logged=logged,
        replay=found,
        refused=refused,
        left_out=read.spool.left_out,
    )


def _peeking(read: Read, options: Options) -> Peeking:
    k = len(read.names)
    rows = read.tally.every.rows.sum(1)[:k]
    order = [i for i in np.argsort(-rows, kind="stable").tolist() if i != read.control]
    return judge(
        read.looks,
        read.goal,
        read.names,
        read.control,
        order,
        read.span,
        seed=options.seed,
    )
