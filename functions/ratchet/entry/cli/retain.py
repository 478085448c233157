"""Commands about days of observations and rewards that are kept as Parquet."""

from itertools import islice
from typing import Annotated

import typer

from ratchet.datasets.retain.columns import KINDS, Kind
from ratchet.datasets.retain.read import list_retained, read_retained, verify_retained
from ratchet.datasets.retain.retain import retain_days
from ratchet.datasets.retain.retained import day_named
from ratchet.entry.cli.output import (
    AsJson,
    StoreUrl,
    cell,
    emit,
    emit_lines,
    opened,
    say,
    table,
    tell_spoiled,
)
from ratchet.kernel.errors import NotWhole, RatchetError

app = typer.Typer(
    help="Observations and rewards as Parquet, before they expire.", no_args_is_help=True
)
OneKind = Annotated[Kind | None, typer.Option("--kind", help=f"{' or '.join(KINDS)} alone.")]


@app.command()
def run(store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Keep the days that are old enough, as the schedule does; what is kept stays as it is."""
    with opened(store) as a:
        report = retain_days(a.store, a.blobs, a.reader, now=a.clock())
    if as_json:
        emit(report.to_wire())
        return
    say(f"kept {report.slots} days of a shard: {report.rows} rows in {report.bytes} bytes")
    if report.next_day and report.next_at:
        say(f"  next: what came in on {report.next_day} is kept from {cell(report.next_at)} UTC on")
    for failure in report.failed:
        say(f"  {failure.slot} is not kept: {failure.message} ({failure.mend})")


@app.command("list")
def list_(kind: OneKind = None, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """List what is kept: each day of a shard, with the blobs that are its Parquet files."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        found = list(list_retained(a.store, kind, tell=spoiled.append))
    if as_json:
        emit_lines(held.to_wire() for held in found)
    else:
        rows = [
            (
                held.kind,
                f"{day_named(held.day):%Y-%m-%d}",
                held.shard,
                held.rows,
                held.verified_at,
                part.sha256,
            )
            for held in found
            for part in held.parts
        ]
        table(("kind", "day", "shard", "rows", "verified", "file"), rows, below=("file",))
    tell_spoiled(spoiled, as_json)


@app.command()
def verify(kind: OneKind = None, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Read every file and hold its rows against the hash of those that were written."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        found = list(verify_retained(a.store, a.blobs, kind, tell=spoiled.append))
    broken = [checked for checked in found if not checked.ok]
    if as_json:
        emit_lines(checked.to_wire() for checked in found)
    else:
        for checked in broken:
            say(f"{checked.slot}: {checked.problem}")
        say(f"{len(found) - len(broken)} of {len(found)} are whole")
    tell_spoiled(spoiled, as_json)
    if broken:
        raise NotWhole(
            f"{len(broken)} retained days are not whole", field=broken[0].slot, mend=broken[0].mend
        )


@app.command()
def read(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"{' or '.join(KINDS)}.")],
    day: Annotated[str, typer.Argument(metavar="DAY", help="A day, UTC: 2026-01-31.")],
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows.")] = None,
    store: StoreUrl = None,
) -> None:
    """Print the rows of a day as JSON lines, each as it was stored; instants in milliseconds."""
    with opened(store, making=False) as a:
        emit_lines(islice(read_retained(a.store, a.blobs, kind, day), limit))
