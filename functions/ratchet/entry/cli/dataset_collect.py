"""Commands that make examples: collect, what became of dead letters, and a source that stopped."""

from pathlib import Path
from typing import Annotated

import typer

from ratchet.datasets.collecting.collect import CollectReport, collect_examples
from ratchet.datasets.collecting.dead import list_dead, replay_dead
from ratchet.datasets.collecting.receive import Received, receive_trajectories
from ratchet.datasets.collecting.stop import resume_source
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
from ratchet.kernel.errors import InvalidInput, RatchetError

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
    """Make examples of what is new; of the trajectories in FILEs, too, each of them once."""
    with opened(store) as a:
        taken = {str(path): _receive(a, path, actor(by).name) for path in files or ()}
        report = collect_examples(a.store, a.blobs, a.keys, a.reader, now=a.clock())
    if as_json:
        emit(report.to_wire() | {"files": {name: one.to_wire() for name, one in taken.items()}})
        return
    for name, received in taken.items():
        _tell_received(name, received)
    _tell(report)


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
        say(f"{source} waits for a person: ratchet dataset resume {source} --reason ...")


def dead(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Only these.")] = None,
    replay: Annotated[bool, typer.Option("--replay", help="Extract them again.")] = False,
    source: SourceName = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many.")] = 20,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the traces that became no example, or try them again."""
    if ids and not replay:
        raise InvalidInput("an ID is one to try again", field="id", mend="add --replay")
    with opened(store, making=replay) as a:
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
    with opened(store) as a:
        state = resume_source(a.store, a.keys, actor(by), source, reason=reason, now=a.clock())
    if as_json:
        emit(state.to_wire())
        return
    say(f"{source} is collected again, from where it stopped: ratchet dataset collect")
