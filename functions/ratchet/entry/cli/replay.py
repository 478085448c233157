"""Commands about replays: what a version's weights would have earned on the log that is stored."""

from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import AsJson, StoreUrl, cell, emit, opened, say, table
from ratchet.kernel.ids import SEPARATOR
from ratchet.rollouts.replay_document import StoredReplay
from ratchet.rollouts.replay_result import Estimate
from ratchet.rollouts.replay_store import (
    HOURS,
    ReplayChecked,
    check_replay,
    get_replay,
    last_replay,
    require_same,
    run_replay,
)

app = typer.Typer(help="What other weights would have earned on the log.", no_args_is_help=True)

COLUMNS = ("by", "champion", "version", "difference", "95 %", "leaves out")


@app.command("run")
def run(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="The policy's id.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A version, like 1.0.1.")],
    hours: Annotated[float, typer.Option(help="How much of the log.")] = HOURS,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Replay a version's weights against the active one's, and keep the result."""
    with opened(store) as a:
        found = run_replay(a.store, a.keys, a.reader, policy, version, now=a.clock(), hours=hours)
    _show(found, as_json)


@app.command("show")
def show(
    replay: Annotated[
        str, typer.Argument(metavar="ID|POLICY", help="A replay, or a policy: its newest.")
    ],
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a replay that was kept."""
    with opened(store, making=False) as a:
        read = get_replay if SEPARATOR in replay else last_replay
        found = read(a.store, a.keys, replay)
    _show(found, as_json)


@app.command("check")
def check(
    replay: Annotated[str, typer.Argument(metavar="ID", help="The replay's id.")],
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Compute a replay again from the store, and compare byte for byte."""
    with opened(store, making=False) as a:
        found = check_replay(a.store, a.keys, a.reader, replay)
    if as_json:
        emit(found.to_wire())
    else:
        say(_told(found))
    require_same(found)


def _show(found: StoredReplay, as_json: bool) -> None:
    if as_json:
        emit(found.to_wire())
        return
    say(f"{found.id}: {found.version} against {found.champion}, {cell(found.at)} UTC")
    was, to, result = found.champion_weights, found.weights, found.result
    table(("arm", "champion", "version"), [(arm, was[arm], to[arm]) for arm in sorted(to)])
    # A store keeps no order: those whose interval leaves an error out come last.
    names = sorted(result.difference, key=lambda n: (result.difference[n].leaves_out != "", n))
    rows = [
        _row(n, result.champion.estimates[n], result.target.estimates[n], result.difference[n])
        for n in names
    ]
    table(COLUMNS, rows)
    for line in _notes(found):
        say(line)


def _row(name: str, champion: Estimate, target: Estimate, difference: Estimate) -> tuple[Any, ...]:
    span = f"{difference.low:.3g}..{difference.high:.3g}"
    return name, champion.value, target.value, difference.value, span, difference.leaves_out


def _notes(found: StoredReplay) -> list[str]:
    """Return what the figures rest on, and what they do not say."""
    read, target = found.log, found.result.target
    lines = [
        f"{read.rows} rows of {target.units:.0f} units, as good as {target.effective_units:.0f} of"
        f" the version's own; came in {cell(read.since)} to {cell(found.until)} UTC"
    ]
    if read.left_out:
        lines.append(f"{read.left_out} older documents of the period were not read")
    if read.passed_over:
        passed = ", ".join(f"{n} {why}" for why, n in read.passed_over.items())
        lines.append(f"no rows of the log: {passed}")
    if found.beside:
        lines.append(f"{', '.join(found.beside)}: changed, too; no log of draws tells of it")
    lines += [doubt for doubt in (target.doubt, found.result.champion.doubt) if doubt]
    return [*lines, "the intervals are of one look, over units"]


def _told(c: ReplayChecked) -> str:
    note = f" ({c.note})" if c.note else ""
    if c.result == "equal":
        return f"{c.replay}: equal byte for byte, {c.rows} rows{note}"
    if c.result == "changed":
        hours = ", ".join(c.changed)
        return f"{c.replay}: other rows since, {c.rows} then and {c.rows_now} now, of {hours}{note}"
    return f"{c.replay}: the rows are the same, and the figures DIFFER{note}"
