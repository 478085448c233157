"""Commands that make examples: collect, what became of dead letters, and a source that stopped."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from ratchet.datasets.collecting.collect import CollectReport, collect_examples
from ratchet.datasets.collecting.dead import list_dead, replay_dead
from ratchet.datasets.collecting.drop import drop_dead
from ratchet.datasets.collecting.receive import Received, receive_trajectories
from ratchet.datasets.collecting.stop import resume_source
from ratchet.datasets.collecting.trace import DeadSample
from ratchet.datasets.extract.clean import MAX_RAW
from ratchet.entry.cli.output import (
    AsJson,
    By,
    Reason,
    StoreUrl,
    actor,
    emit,
    emit_lines,
    opened,
    say,
    table,
    tell_spoiled,
)
from ratchet.entry.files import byte_lines
from ratchet.entry.wiring import App
from ratchet.kernel.errors import InvalidInput, RatchetError, SourceStopped

SHOWN = 20  # refused lines that are shown
Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[FILE]...", help="Trajectories, JSON lines, .gz too; - is standard input."
    ),
]
SourceName = Annotated[str | None, typer.Option("--source", help="Of this source only.")]


def register(app: typer.Typer) -> None:
    """Add these commands to those of datasets."""
    for command in (collect, dead, resume):
        app.command()(command)


def collect(
    files: Files = None, by: By = None, store: StoreUrl = None, as_json: AsJson = False
) -> None:
    """Make examples of what is new; of the trajectories in FILEs, too, each of them once.

    While a source is stopped the status is not 0, though the others are collected.
    """
    with opened(store) as a:
        taken = {str(path): _receive(a, path, actor(by).name) for path in files or ()}
        report = collect_examples(a.store, a.blobs, a.keys, a.reader, now=a.clock())
    if as_json:
        emit(report.to_wire() | {"files": {name: one.to_wire() for name, one in taken.items()}})
    else:
        for name, received in taken.items():
            _tell_received(name, received)
        _tell(report)
    if report.stopped:
        first = report.stopped[0]
        raise SourceStopped(
            f"{', '.join(report.stopped)}: not collected, a batch had too much that is malformed",
            field="source",
            mend=f"ratchet dataset resume {first} --reason ..., once you know why",
        )


def _receive(a: App, path: Path, by: str) -> Received:
    """Take the lines of a file under its name, so that a line can be mended and sent again."""
    name = path.name.split(".")[0] if str(path) != "-" else ""
    lines = byte_lines(path, MAX_RAW, "file")
    return receive_trajectories(
        a.store, a.blobs, lines, reader=a.reader, by=by, clock=a.clock, name=name
    )


def _tell_received(name: str, received: Received) -> None:
    refused = len(received.rejected)
    say(f"{name}: {received.accepted} new, {received.known} known already, {refused} refused")
    for item in received.rejected[:SHOWN]:
        say(f"  line {item.index + 1}: {item.reason}")


def _tell(report: CollectReport) -> None:
    columns = ("source", "read", "collected", "known", "withdrawn", "dead", "")
    rows = [
        (name, one.read, one.collected, one.known, one.withdrawn, sum(one.dead.values()), state)
        for name, one in report.sources.items()
        for state in ["stopped" if one.stopped else "behind" if one.behind else ""]
    ]
    table(columns, rows)
    if report.dead:
        say("what is dead, and why: ratchet dataset dead")
    for source in report.stopped:
        say(f"{source} waits for a person; what stopped it: ratchet dataset status")
        tell_samples(report.sources[source].samples)


def tell_samples(samples: Iterable[DeadSample]) -> None:
    """Say what some of the traces are at fault in that stopped a source."""
    for one in samples:
        at = "" if one.field in one.why else f"{one.field}: "  # mostly it is named already
        say(f"  {one.id}: {one.code} {at}{one.why}")


def dead(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Only these.")] = None,
    replay: Annotated[bool, typer.Option("--replay", help="Extract them again.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Give these up, with their traces.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why they are dropped.")] = "",
    source: SourceName = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many.")] = 20,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the traces that became no example, try them again, or drop some of them."""
    if replay and drop:
        raise InvalidInput("--drop or --replay, not both", field="--drop", mend="leave one out")
    if ids and not (replay or drop):
        raise InvalidInput(
            "an ID is one to try again, or to drop", field="id", mend="add --replay, or --drop"
        )
    with opened(store, making=False) as a:
        if drop:
            told = drop_dead(a.store, a.keys, actor(by), ids or (), reason=reason, now=a.clock())
            emit({"dropped": told}) if as_json else say(f"{told} dropped, with what arrived")
            return
        if not replay:
            _list(a, source, limit, as_json)
            return
        found = replay_dead(
            a.store, a.blobs, a.reader, now=a.clock(), source=source, ids=tuple(ids or ())
        )
    if as_json:
        emit(found.to_wire())
        return
    still = sum(found.dead.values())
    say(f"{found.tried} tried: {found.collected} are examples now, {still} are dead still")
    if found.gone:
        say(f"  of {found.gone} the trace is no longer kept")


def _list(a: App, source: str | None, limit: int, as_json: bool) -> None:
    spoiled: list[RatchetError] = []
    letters = list_dead(a.store, source, limit, tell=spoiled.append)
    if as_json:
        emit_lines({"id": letter.key()} | letter.to_wire() for letter in letters)
    else:
        columns = ("id", "code", "field", "why", "tries", "last")
        rows = [(x.key(), x.code, x.field, x.message, x.attempts, x.last_at) for x in letters]
        table(columns, rows, below=("why",))
    tell_spoiled(spoiled, as_json)


def resume(
    source: Annotated[str, typer.Argument(help="The source that stopped.")],
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Let a source that stopped be collected again, with the dead letters of its next batch."""
    with opened(store, making=False) as a:
        state = resume_source(a.store, a.keys, actor(by), source, reason=reason, now=a.clock())
    if as_json:
        emit(state.to_wire())
        return
    say(f"{source} is collected again, from where it stopped: ratchet dataset collect")
    if state.samples:
        say("  these become dead letters then, and what else is like them:")
        tell_samples(state.samples)
