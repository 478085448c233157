"""Commands that record, run the ticks and show what was seen."""

import gzip
import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import (
    AsJson,
    StoreUrl,
    ago,
    emit,
    emit_lines,
    flat,
    opened,
    progress,
    say,
    table,
)
from ratchet.entry.plot import line_chart
from ratchet.entry.ticks import SCHEDULES, Report, run_due
from ratchet.entry.wiring import App
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import on_wire
from ratchet.kernel.errors import InvalidBatch, InvalidInput, NotFound
from ratchet.kernel.registry import pick
from ratchet.observe.browse import Wanted, browse, show
from ratchet.observe.feedback import feedback as give_feedback
from ratchet.observe.observation import MAX_BATCH
from ratchet.observe.record import record as record_batch
from ratchet.observe.rescore import rescore as rescore_history
from ratchet.observe.roll_up import hourly_series
from ratchet.observe.settings import Ingest
from ratchet.observe.sweep import REACH
from ratchet.observe.sweep import sweep as sweep_windows
from ratchet.stats.window import ALL, WINDOWS, Stats
from ratchet.store.port import Filter, Query

PERIOD = 60  # seconds between looks for what is due
Source = Annotated[
    Path, typer.Argument(help="JSON, a JSON array or JSON lines, .gz too; - is standard input.")
]


def record(source: Source, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Record observations. The same file twice counts once."""
    items, digest, batch_id = _read(source, "observations")
    with opened(store) as app:
        ingest = app.reader.read(Ingest)

        def send(chunk: list[Any], number: int) -> dict[str, Any]:
            payload = {"id": batch_id or f"file-{digest}-{number}", "observations": chunk}
            taken = record_batch(app.store, app.keys, payload, ingest=ingest, now=app.clock())
            return taken.to_wire()

        _send(items, send, as_json, "recorded")


def feedback(source: Source, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Give grades 0..1 or later outcomes: {"obsId", "source", "grade" or "outcome"}."""
    items, _, _ = _read(source, "feedback")
    with opened(store) as app:
        ingest = app.reader.read(Ingest)

        def send(chunk: list[Any], number: int) -> dict[str, Any]:
            return give_feedback(app.store, chunk, ingest=ingest, now=app.clock()).to_wire()

        _send(items, send, as_json, "taken")


def _read(source: Path, wrapper: str) -> tuple[list[Any], str, str | None]:
    """Return a file's items, a digest of its content, and the batch id that it brings, if any."""
    try:
        raw = sys.stdin.buffer.read() if str(source) == "-" else source.read_bytes()
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        text = raw.decode()
    except FileNotFoundError as error:
        raise NotFound(f"{source} does not exist", field="source", mend="name a file") from error
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{source}: {error}", field="source", mend="UTF-8 JSON") from error
    digest = hashlib.sha256(raw).hexdigest()[:16]
    try:
        whole = json.loads(text)
    except ValueError:
        return (
            [_line(line, i) for i, line in enumerate(text.splitlines(), 1) if line.strip()],
            (digest),
            None,
        )
    if isinstance(whole, dict) and wrapper in whole:
        items = whole[wrapper]
        if not isinstance(items, list):
            raise InvalidInput(f"{wrapper} is no list", field=wrapper, mend="a JSON array")
        return items, digest, whole.get("id") if len(items) <= MAX_BATCH else None
    if isinstance(whole, dict):
        batch_id = whole.pop("id", None)
        return [whole], digest, batch_id
    if not isinstance(whole, list):
        raise InvalidInput("a JSON object or array is wanted", field=wrapper)
    return whole, digest, None


def _line(line: str, number: int) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise InvalidInput(f"line {number} is no JSON: {error}", field=f"line {number}") from error


def _send(
    items: list[Any],
    send: Callable[[list[Any], int], dict[str, Any]],
    as_json: bool,
    verb: str,
) -> None:
    """Send items in chunks; refused ones are listed with their place in the whole file."""
    total: dict[str, Any] = {"accepted": 0, "sampled": 0, "duplicate": 0, "rejected": []}
    starts = range(0, len(items), MAX_BATCH)
    if not items:
        raise InvalidInput("there is nothing in it", field="source", mend="name a file with items")
    with progress() as bar:
        for start in bar.track(starts, description="sending"):
            chunk = items[start : start + MAX_BATCH]
            try:
                answer = send(chunk, start // MAX_BATCH)
            except InvalidBatch as error:
                if len(items) <= MAX_BATCH:
                    raise
                answer = {"accepted": 0, "rejected": [r.to_wire() for r in error.rejected]}
            total["accepted"] += answer["accepted"]
            total["sampled"] += answer.get("sampled", 0)
            total["duplicate"] += answer["accepted"] if answer.get("duplicate") else 0
            refused = answer.get("rejected", [])
            total["rejected"] += [r | {"index": r["index"] + start} for r in refused]
    if as_json:
        emit(total)
        return
    say(f"{total['accepted']} {verb}, {len(total['rejected'])} refused" + _aside(total))
    for item in total["rejected"][:20]:
        say(f"  item {item['index']}: {item['field']}: {item['reason']}")


def _aside(total: dict[str, Any]) -> str:
    notes = [f"{total[name]} {name}" for name in ("sampled", "duplicate") if total[name]]
    return f" ({', '.join(notes)})" if notes else ""


def tick(
    only: Annotated[str | None, typer.Option(help="Run this one, due or not.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until stopped.")] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Run the scheduled verbs that are due: score, roll up, tune, sweep, verify."""
    with opened(store) as app:
        while True:
            now = app.clock()
            if only:
                reports = {only: pick(SCHEDULES, only, field="only").run(app, now)}
            else:
                reports = run_due(app, now=now)
            _tell_ticks(reports, as_json, watch)
            if not watch:
                return
            time.sleep(PERIOD - app.clock().timestamp() % PERIOD)


def _tell_ticks(reports: Mapping[str, Report], as_json: bool, watch: bool) -> None:
    if as_json:
        emit(reports)
    elif watch:
        for name, report in reports.items():
            say(f"{name}: {json.dumps(on_wire(report))}")
    else:
        for name, report in reports.items():
            table(("", name), flat(dict(report)))
        if not reports:
            say("nothing is due")


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
    with opened(store) as app:
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
    columns = ("component", "version", "n", "reward", "interval", "success", "p95 ms", "cost $")
    table(columns, [_stats_row(s) for s in shown], title=f"last {window}")


def _stats_row(s: Stats) -> tuple[Any, ...]:
    interval = s.avg_reward_interval
    shown = f"{interval.low:.3f}..{interval.high:.3f}" if interval else None
    return (
        s.component,
        s.version,
        s.n,
        s.avg_reward,
        shown,
        s.success_rate,
        s.p95_latency,
        s.avg_cost_usd,
    )


def series(
    component: Annotated[str, typer.Argument(help="The component.")],
    hours: Annotated[int, typer.Option(min=1, max=720, help="How far back.")] = 24,
    plot: Annotated[Path | None, typer.Option(help="Write an SVG chart.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a component hour by hour."""
    with opened(store) as app:
        found = hourly_series(app.store, component, hours=hours, now=app.clock())
    if plot:
        points = [(s.since.timestamp() / 3600, s.avg_reward or 0.0) for s in found]
        plot.write_text(line_chart({component: points}, "mean reward by hour", "hour"))
    if as_json:
        emit_lines(s.to_wire() for s in found)
        return
    rows = [(s.since, *_stats_row(s)[2:]) for s in found]
    table(("hour", "n", "reward", "interval", "success", "p95 ms", "cost $"), rows)


def observations(
    component: Annotated[str | None, typer.Option(help="One component.")] = None,
    outcome: Annotated[str | None, typer.Option(help="success, failure or timeout.")] = None,
    version: Annotated[str | None, typer.Option(help="The version served.")] = None,
    error_code: Annotated[str | None, typer.Option(help="One error code.")] = None,
    run_id: Annotated[str | None, typer.Option(help="One run.")] = None,
    since: Annotated[str | None, typer.Option(help="Arrived since: 15m, 24h or a date.")] = None,
    one: Annotated[str | None, typer.Option("--id", help="One document, or one item.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many observations.")] = 20,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show observations with their rewards, newest first; looks inside batches."""
    with opened(store) as app:
        found = list(
            show(app.store, one)
            if one
            else _browse(
                app,
                limit,
                since,
                {
                    "component": component,
                    "outcome": outcome,
                    "version": version,
                    "error_code": error_code,
                    "run_id": run_id,
                },
            )
        )
    if one and not found:
        raise NotFound(f"observation {one} does not exist", field="id", mend="check the id")
    if as_json:
        emit_lines(found)
        return
    rows = [
        (
            o["ts"],
            o["id"],
            o["component"],
            o["outcome"],
            o.get("durationMs"),
            o.get("costUsd"),
            o.get("errorCode"),
            o["reward"]["score"] if "reward" in o else None,
        )
        for o in found
    ]
    table(("ts", "id", "component", "outcome", "ms", "cost $", "error", "reward"), rows)


def _browse(app: App, limit: int, since: str | None, asked: dict[str, Any]) -> Any:
    wanted = Wanted.parse(asked | {"since": ago(since, app.clock())})
    return browse(app.store, app.reader, wanted, limit=limit)


def sweep(
    reach: Annotated[int, typer.Option(min=1, help="Hours to look back.")] = 48,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Hold observations against rewards, and score what is missing."""
    with opened(store) as app:
        report = sweep_windows(app.store, app.reader, now=app.clock(), reach=reach * REACH / 48)
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
