"""Commands that run the ticks and show what was seen."""

import json
import math
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import (
    AsJson,
    StoreUrl,
    ago,
    complain,
    emit,
    emit_lines,
    opened,
    progress,
    say,
    spread,
    table,
)
from ratchet.entry.files import write_text
from ratchet.entry.plot import line_chart
from ratchet.entry.ticks import SCHEDULES, Failure, next_due, run_due, run_verb
from ratchet.entry.verbs import Report
from ratchet.entry.wiring import App
from ratchet.kernel.clock import EPOCH, HOUR
from ratchet.kernel.document import on_wire
from ratchet.kernel.errors import Unavailable
from ratchet.kernel.registry import pick
from ratchet.observe.rescore import rescore as rescore_history
from ratchet.observe.roll_up import hourly_series
from ratchet.observe.sweep import sweep as sweep_windows
from ratchet.stats.window import ALL, WINDOWS, Stats
from ratchet.store.port import Filter, Query

PERIOD = 60  # seconds between looks for what is due
FIGURES = ("n", "reward", "interval", "success", "p95 ms", "cost $")


def tick(
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Run this one, due or not; several in turn: {', '.join(SCHEDULES)}."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until stopped.")] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> int:
    """Run the scheduled verbs that are due: score, roll up, tune, sweep, verify.

    One that fails stops no other; the status is then that of the first failure.
    """
    with opened(store) as app:
        while True:
            try:
                now = app.clock()
                reports = _tick(app, only, now)
                _tell_ticks(reports, as_json, watch, now)
                if not watch:
                    failed = [r.error for r in reports.values() if isinstance(r, Failure)]
                    return failed[0].exit_code if failed else 0
            except Unavailable as error:
                if not watch:
                    raise
                complain(error, as_json)
            time.sleep(PERIOD - app.clock().timestamp() % PERIOD)


def _tick(app: App, only: Sequence[str] | None, now: datetime) -> Mapping[str, Report]:
    if not only:
        return run_due(app, now=now)
    for name in only:
        pick(SCHEDULES, name, field="only")
    return {name: run_verb(app, name, now=now) for name in dict.fromkeys(only)}


def _tell_ticks(reports: Mapping[str, Report], as_json: bool, watch: bool, now: datetime) -> None:
    if as_json:
        emit(reports)
    elif not reports and not watch:
        name, at = next_due(now)
        say(f"nothing is due: {name} is next, in {math.ceil((at - now).total_seconds())} s")
    else:
        for name, report in reports.items():
            if isinstance(report, Failure):
                complain(report.error, as_json)
            elif watch:
                say(f"{name}: {json.dumps(on_wire(report))}")
            else:
                table(("", name), spread(report))


def stats(
    component: Annotated[str | None, typer.Option(help="One component.")] = None,
    window: Annotated[str, typer.Option(help="1h, 24h, 7d or 30d.")] = "24h",
    versions: Annotated[bool, typer.Option("--versions", help="By policy version.")] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the rolled statistics of every component."""
    pick(WINDOWS, window, field="window")
    where = (Filter("window", "==", window), Filter("n", ">", 0))
    with opened(store, making=False) as app:
        found = [
            Stats.from_store(s.data)
            for s in app.store.stream(Query(Stats.collection, where, ("n",)))
        ]
    shown = [
        s
        for s in sorted(found, key=lambda s: s.key())
        if (component in (None, s.component)) and (versions or s.version == ALL)
    ]
    if as_json:
        emit_lines(s.to_wire() for s in shown)
        return
    if not shown:
        say("no statistics yet: record something, then run `ratchet tick`")
        return
    named = ("component", "version") if versions else ("component",)
    rows = [(*(s.component, s.version)[: len(named)], *_figures(s)) for s in shown]
    table((*named, *FIGURES), rows, title=f"last {window}")


def _figures(s: Stats) -> tuple[Any, ...]:
    interval = s.avg_reward_interval
    shown = f"{interval.low:.3f}..{interval.high:.3f}" if interval else None
    return s.n, s.avg_reward, shown, s.success_rate, s.p95_latency, s.avg_cost_usd


def series(
    component: Annotated[str, typer.Argument(help="The component.")],
    hours: Annotated[int, typer.Option(min=1, max=720, help="How far back.")] = 24,
    plot: Annotated[Path | None, typer.Option(help="Write an SVG chart.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a component hour by hour."""
    with opened(store, making=False) as app:
        now = app.clock()
        found = hourly_series(app.store, component, hours=hours, now=now)
    if plot:
        known = [(s.since, s.avg_reward) for s in found if s.avg_reward is not None]
        points = [((since - now) / HOUR, reward) for since, reward in known]
        chart = line_chart({component: points}, "mean reward by hour", "hours from now")
        write_text(plot, chart, "plot")
    if as_json:
        emit_lines(s.to_wire() for s in found)
        return
    table(("hour", *FIGURES), [(s.since, *_figures(s)) for s in found])


def sweep(
    reach: Annotated[int, typer.Option(min=1, max=9600, help="Hours to look back.")] = 48,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Hold observations against rewards, and score what is missing."""
    with opened(store) as app:
        report = sweep_windows(app.store, app.reader, now=app.clock(), reach=reach * HOUR)
    if as_json:
        emit(report.to_wire())
    else:
        say(f"{report.documents} documents held against rewards, {report.missing} scored now")


def rescore(
    since: Annotated[str | None, typer.Option(help="From: 24h, 7d or a date.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write history under the present reward configuration."""
    with opened(store) as app, progress() as bar:
        task = bar.add_task("rescoring", total=None)
        now = app.clock()
        report = rescore_history(
            app.store,
            app.reader,
            since=ago(since, now) or EPOCH,
            now=now,
            progress=lambda n: bar.update(task, completed=n),
        )
    if as_json:
        emit(report.to_wire())
    else:
        say(f"{report.rescored} rewards are of epoch {report.epoch} now")
