"""The command that says what one's own log holds, before anything is installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ratchet.entry.cli.output import AsJson, emit, progress
from ratchet.entry.cli.trial_report import tell
from ratchet.entry.files import check_writable, write_text
from ratchet.entry.trial.arrival import SHOWN as STDIN_SHOWN
from ratchet.entry.trial.arrival import STDIN, on_disk
from ratchet.entry.trial.chart import trial_chart
from ratchet.entry.trial.columns import Told, split_names
from ratchet.entry.trial.names import UNITS
from ratchet.entry.trial.read import OnRead
from ratchet.entry.trial.run import Options, try_log
from ratchet.kernel.errors import InvalidInput

KIB = 1024


def try_(
    log: Annotated[
        Path, typer.Argument(help="A log: .csv or .jsonl, or .gz of it; - is standard input.")
    ],
    arm: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Who acted; several columns as A,B."),
    ] = None,
    arms: Annotated[
        str | None,
        typer.Option(metavar="COLUMN,COLUMN", help="Where each arm has a column of its grades."),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Whom it was for; such rows are not independent."),
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Success or failure, or a status code.")
    ] = None,
    quality: Annotated[str | None, typer.Option(metavar="COLUMN", help="A grade.")] = None,
    reward: Annotated[str | None, typer.Option(metavar="COLUMN", help="More is better.")] = None,
    latency: Annotated[str | None, typer.Option(metavar="COLUMN", help="How long it took.")] = None,
    cost: Annotated[str | None, typer.Option(metavar="COLUMN", help="US dollars.")] = None,
    ts: Annotated[str | None, typer.Option(metavar="COLUMN", help="When it was.")] = None,
    propensity: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="How likely this arm was to be taken; for replay."),
    ] = None,
    weight: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="How many rows a sampled row stands for.")
    ] = None,
    control: Annotated[
        str | None, typer.Option(help="The arm to compare with; else the most used.")
    ] = None,
    goal: Annotated[
        str | None, typer.Option(help="reward, success, quality, latency or cost.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="What would a=0.7,b=0.3 earn? Else some are suggested.")
    ] = None,
    quality_range: Annotated[
        str | None, typer.Option(metavar="LOW..HIGH", help="The scale of grades, like 1..5.")
    ] = None,
    latency_unit: Annotated[str | None, typer.Option(help="ms, s, us or ns.")] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave rows that cannot be read out, and say so.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same answer.")] = 1,
    svg: Annotated[Path | None, typer.Option(help="Write an SVG chart.")] = None,
    as_json: AsJson = False,
) -> None:
    """See what your own log says: arms, frontier, replay, and what peeking would have decided.

    Columns are guessed by their names, and shown; COLUMN may be none. Nothing is stored.
    """
    said = {
        "arm": arm,
        "unit": unit,
        "outcome": outcome,
        "quality": quality,
        "reward": reward,
        "latency": latency,
        "cost": cost,
        "ts": ts,
        "propensity": propensity,
        "weight": weight,
    }
    told = Told(
        parts={part: column for part, column in said.items() if column},
        arms=split_names(arms or ""),
        quality_range=_range(quality_range),
        latency_unit=_unit(latency_unit),
    )
    if svg:
        _check_chart(svg, log)
    shown = STDIN_SHOWN if log == STDIN else ""
    options = Options(told, control, goal, weights, skip_bad, seed, shown)
    with on_disk(log) as file, _reading(file) as on_read:
        report = try_log(file, options, on_read)
    if as_json:
        emit(report.to_wire())
    else:
        tell(report)
    if svg:
        write_text(svg, trial_chart(report), "svg")


@contextmanager
def _reading(log: Path) -> Iterator[OnRead]:
    """Show how far a log has been read, in KiB of its file."""
    size = log.stat().st_size // KIB + 1 if log.is_file() else None
    with progress() as bar:
        task = bar.add_task("reading", total=size)

        def show(rows: int, at: int) -> None:
            bar.update(task, completed=at // KIB, description=f"{rows:,} rows, KiB")

        yield show


def _check_chart(svg: Path, log: Path) -> None:
    if svg.exists() and log.exists() and svg.samefile(log):
        raise InvalidInput(f"{svg} is the log itself", field="svg", mend="name another file")
    check_writable(svg, "svg")


def _range(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    low, _, high = text.partition("..")
    try:
        found = float(low), float(high)
    except ValueError:
        found = 0.0, 0.0
    if not found[0] < found[1]:
        raise InvalidInput(
            f"{text!r} is no scale of grades", field="quality-range", mend="LOW..HIGH, like 1..5"
        )
    return found


def _unit(text: str | None) -> str:
    if text is not None and text not in UNITS["latency"]:
        raise InvalidInput(
            f"latency unit {text!r} is not known", field="latency-unit", mend="ms, s, us or ns"
        )
    return text or ""
