"""Commands about labels: what people and outcomes say of what agents do."""

from typing import Annotated, Any

import typer

from ratchet.entry.cli.intake import Source, read_items, send_items
from ratchet.entry.cli.output import (
    AsJson,
    By,
    Reason,
    StoreUrl,
    actor,
    ago,
    cell,
    emit,
    emit_lines,
    flat,
    opened,
    say,
    table,
    tell_spoiled,
)
from ratchet.kernel.errors import RatchetError
from ratchet.labels import load as loading
from ratchet.labels.feeds import FEEDS
from ratchet.labels.gold import take_gold
from ratchet.labels.label import Label
from ratchet.labels.label_stats import label_stats
from ratchet.labels.read import Shown, Wanted, list_labels, show_label
from ratchet.labels.settings import LabelSettings
from ratchet.labels.take import take_labels
from ratchet.labels.withdraw import withdraw_label

app = typer.Typer(help="What was said of what agents do, by whom.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(metavar="ID", help="As `ratchet labels list` shows it.")]
Since = Annotated[str | None, typer.Option(help="90s, 15m, 24h, 7d, or a date.")]
COLUMNS = ("id", "said", "agent", "subject", "label", "value", "confidence", "by", "withdrawn")


@app.command()
def load(
    feed: Annotated[str | None, typer.Option(help=f"Only one: {', '.join(FEEDS)}.")] = None,
    since: Annotated[str | None, typer.Option(help="Read again from then on, like 7d.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Load what is new in the feeds, as every day at 02:00 UTC. Twice changes nothing."""
    with opened(store) as a:
        now = a.clock()
        back = ago(since, now)
        found = loading.load_labels(a.store, a.keys, a.reader, now=now, feed=feed, since=back)
    if as_json:
        emit(found.to_wire())
        return
    columns = ("feed", "read", "labels", "withdrawn", "waiting", "refused", "error")
    rows = [
        (name, f.read, f.labels, f.withdrawn, f.waiting, f.refused, f.error)
        for name, f in found.feeds.items()
    ]
    table(columns, rows, below=("error",))
    if any(f.refused or f.error for f in found.feeds.values()):
        say("what was refused, and why: ratchet alerts")


@app.command()
def stats(store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show how many labels stand, by source and agent, and how they grew of late."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        days = a.reader.read(LabelSettings).recent_days
        found = label_stats(a.store, now=a.clock(), recent_days=days, tell=spoiled.append)
    if as_json:
        emit(found.to_wire())
        tell_spoiled(spoiled, as_json)
        return
    say(f"{found.total} labels stand, {found.withdrawn} are withdrawn")
    for source, n in found.by_source.items():
        say(f"  {n} {source}")
    columns = ("agent", "labels", "withdrawn", f"last {days} d", f"{days} d before", "classes")
    rows = [
        (x.agent, x.total, x.withdrawn, x.recent, x.before, _counts(x.by_class))
        for x in found.agents
    ]
    table(columns, rows, below=("classes",))
    tell_spoiled(spoiled, as_json)


@app.command("list")
def list_(
    agent: Annotated[str | None, typer.Option(help="Only of this agent.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only of this subject.")] = None,
    source: Annotated[str | None, typer.Option(help="Only from this source.")] = None,
    since: Since = None,
    all_: Annotated[bool, typer.Option("--all", help="Withdrawn ones, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List labels, those that were said last first."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        wanted = Wanted(
            agent=agent,
            subject=subject,
            source=source,
            since=ago(since, a.clock()),
            withdrawn=all_,
        )
        found = list_labels(a.store, wanted, limit=limit, tell=spoiled.append)
    if as_json:
        emit_lines(_wire(label) for label in found)
    else:
        table(COLUMNS, [_row(label) for label in found], below=("id", "withdrawn", "by"))
    tell_spoiled(spoiled, as_json)


@app.command()
def show(key: Key, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show one label, the others of its subject, and what they come to."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        found = show_label(a.store, key, tell=spoiled.append)
    if as_json:
        emit(found.to_wire() | {"id": key})
    else:
        _tell(found)
    tell_spoiled(spoiled, as_json)


def _tell(found: Shown) -> None:
    """Print one label, then the others of its subject, then what they come to."""
    table(("field", "label"), flat(found.label.to_map()))
    table(COLUMNS, [_row(label) for label in found.others], below=("id", "withdrawn", "by"))
    if found.resolved is None:
        say(f"nothing is said of {found.label.subject} any more")
        return
    came = found.resolved
    disputed = ", though others say otherwise" if came.disputed else ""
    sources = ", ".join(came.sources)
    say(
        f"{found.label.subject} is {came.label}, by {sources}{disputed}:"
        f" value {cell(came.value) or 'unknown'}, confidence {cell(came.confidence)}"
    )


@app.command()
def add(source: Source, by: By = None, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Take labels: {"agent", "subject", "source", "sourceId", and what is said}.

    What is said is one of "thumbs" (up, down), "grade" (0 to 1), "stars" (1 to 5), "decision"
    (approved, rejected) and "label" (a class, with a "value" 0 to 1). The same file twice counts
    once; a later word of the same source and id replaces an earlier one.
    """
    file = read_items(source, "labels")
    with opened(store) as a:

        def send(chunk: list[Any], number: int) -> dict[str, Any]:
            return take_labels(a.store, chunk, actor=actor(by), now=a.clock()).to_wire()

        send_items(file.items, send, as_json, "labels taken")


@app.command()
def gold(
    name: Annotated[str, typer.Argument(metavar="SET", help="The gold set's name.")],
    source: Source,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Keep a gold set, JSON lines as for `add` but without source; the next load takes it.

    All lines are checked first: with one that is wrong, nothing is stored. A line's key, else its
    agent and subject, says which line of an older set it replaces.
    """
    file = read_items(source, "lines")
    with opened(store) as a:
        found = take_gold(a.store, name, file.items, actor=actor(by), now=a.clock())
    if as_json:
        emit(found.to_wire())
    else:
        say(f"{found.lines} lines of {name}, {found.changed} of them new or changed")
        if found.withdrawn:
            say(
                f"not taken: {found.withdrawn}, whose labels were withdrawn for good; "
                "send them with another key, or as another set"
            )
        say("next: ratchet labels load --feed gold")


@app.command()
def withdraw(
    key: Key,
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw a label for good. What learned from it is marked, and has an alert."""
    with opened(store) as a:
        found = withdraw_label(a.store, a.keys, actor(by), key, reason=reason, now=a.clock())
    if as_json:
        emit(_wire(found))
    else:
        say(f"{key} is withdrawn: {found.withdrawn_by}, {found.withdrawn_reason}")


def _wire(label: Label) -> dict[str, Any]:
    return {"id": label.key()} | label.to_wire()


def _row(x: Label) -> tuple[Any, ...]:
    gone = None if x.stands else f"{x.withdrawn_by}: {x.withdrawn_reason}"
    worth = (x.label, x.value, x.confidence)
    return x.key(), x.ts, x.agent, x.subject, *worth, x.labeller, gone


def _counts(counts: dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{n} {name}" for name, n in ordered)
