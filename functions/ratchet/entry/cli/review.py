"""Commands about the review queue: what people are asked, and what they answer."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, get_args

import typer

from ratchet.entry.cli.intake import Source, read_items
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
from ratchet.entry.cli.review_page import how_to_answer, outcome, page
from ratchet.entry.cli.review_stats import stats
from ratchet.entry.wiring import App
from ratchet.govern.roles import Actor
from ratchet.kernel.errors import RatchetError
from ratchet.labels.review import pass_on
from ratchet.labels.review.add import add_items
from ratchet.labels.review.answer import label_item
from ratchet.labels.review.claim import claim_item, claim_next
from ratchet.labels.review.claim import release as give_back
from ratchet.labels.review.queue import get_item, list_items
from ratchet.labels.review.turns import LIVE, is_held, state_at
from ratchet.labels.review_item import Kind, ReviewItem, ReviewState
from ratchet.labels.select.fill import FillReport, fill_review_queue
from ratchet.labels.settings import ReviewSettings

app = typer.Typer(help="What people are asked about, and what they say.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(metavar="ID", help="As `ratchet review list` shows it.")]
Agent = Annotated[str | None, typer.Option(help="Only of this agent.")]
OfKind = Annotated[Kind | None, typer.Option(help="Only of this kind.")]
Act = Callable[[App, Actor, datetime], ReviewItem]


app.command()(stats)


@app.command("next")
def next_(
    item: Annotated[str | None, typer.Argument(metavar="[ID]", help="This very item.")] = None,
    agent: Agent = None,
    kind: OfKind = None,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Claim the most important item that waits for you, or the one that you hold."""
    with opened(store) as a:
        who, now = actor(by), a.clock()
        if item is None:
            found = claim_next(a.store, a.reader, who, agent=agent, kind=kind, now=now)
        else:
            found = claim_item(a.store, a.reader, who, item, now=now)
    if as_json:
        emit(_wire(found))
        return
    for line in (*page(found, now, whole=False), *how_to_answer(found, by, store)):
        say(line)


@app.command()
def label(
    item: Key,
    said: Annotated[str, typer.Argument(metavar="CLASS", help="One of the item's classes.")],
    value: Annotated[float | None, typer.Option(help="How good, 0 to 1.")] = None,
    confidence: Annotated[float, typer.Option(help="How sure you are, 0 to 100.")] = 100.0,
    note: Annotated[str, typer.Option(help="What others should know.")] = "",
    second: Annotated[
        bool, typer.Option("--second", help="Beside what others do, without a claim.")
    ] = False,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Answer an item that you claimed. The same answer again changes nothing."""

    def act(a: App, who: Actor, now: datetime) -> ReviewItem:
        given: dict[str, Any] = {"value": value, "confidence": confidence, "note": note}
        return label_item(a.store, a.reader, who, item, said, second=second, now=now, **given)

    _act(act, by, store, as_json)


@app.command()
def skip(item: Key, by: By = None, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Leave an item that you claimed to others; you are not shown it again."""
    _act(lambda a, who, now: pass_on.skip_item(a.store, who, item, now=now), by, store, as_json)


@app.command()
def escalate(
    item: Key, reason: Reason, by: By = None, store: StoreUrl = None, as_json: AsJson = False
) -> None:
    """Leave an item that you claimed to another admin, with what the matter with it is."""

    def act(a: App, who: Actor, now: datetime) -> ReviewItem:
        return pass_on.escalate_item(a.store, who, item, reason=reason, now=now)

    _act(act, by, store, as_json)


@app.command()
def second(item: Key, by: By = None, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Want one more opinion on an item, also on one that is done."""
    _act(
        lambda a, who, now: pass_on.second_opinion(a.store, who, item, now=now), by, store, as_json
    )


@app.command()
def release(item: Key, by: By = None, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Give an item back before the lease ends; you may be shown it again."""
    _act(lambda a, who, now: give_back(a.store, who, item, now=now), by, store, as_json)


@app.command()
def drop(
    item: Key, reason: Reason, by: By = None, store: StoreUrl = None, as_json: AsJson = False
) -> None:
    """Close an item that is not worth an answer."""

    def act(a: App, who: Actor, now: datetime) -> ReviewItem:
        return pass_on.drop_item(a.store, who, item, reason=reason, now=now)

    _act(act, by, store, as_json)


@app.command("list")
def list_(
    agent: Agent = None,
    kind: OfKind = None,
    state: Annotated[ReviewState | None, typer.Option(help="Only those in this state.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Closed ones, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List what people are asked about, the most important first."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        now, states = a.clock(), get_args(ReviewState) if all_ else LIVE
        listed = list_items(
            a.store,
            now=now,
            agent=agent,
            kind=kind,
            states=states if state is None else (state,),
            tell=spoiled.append,
        )
        found = list(islice(listed, limit))
    if as_json:
        emit_lines(map(_wire, found))
    else:
        columns = ("id", "state", "priority", "opinions", "decided", "held by", "until", "why")
        table(columns, [_row(i, now) for i in found], below=("why", "until", "held by", "id"))
    tell_spoiled(spoiled, as_json)


@app.command()
def show(
    item: Key,
    whole: Annotated[bool, typer.Option("--whole", help="Long texts to their end.")] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show one item: what is asked, and what was answered."""
    with opened(store, making=False) as a:
        found, now = get_item(a.store, item), a.clock()
    if as_json:
        emit(_wire(found))
        return
    for line in page(found, now, whole=whole):
        say(line)


@app.command()
def fill(
    agent: Agent = None,
    top: Annotated[
        int | None, typer.Option(help="So many of each agent, beside the draw of the day.")
    ] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Ask about what would teach most, as every day at 04:00 UTC. Twice a day changes nothing."""
    with opened(store) as a:
        found = fill_review_queue(a.store, a.reader, now=a.clock(), agent=agent, top=top)
        settings = a.reader.read(ReviewSettings)
    if as_json:
        emit(found.to_wire())
        return
    columns = ("agent", "new candidates", "alike once", "drawn", "new in the queue")
    if found.agents:
        rows = [(x.agent, x.candidates, x.groups, x.drawn, x.added) for x in found.agents]
        table(columns, rows)
    if not found.added and not found.failed:
        say(_why_none(found, settings))
    if found.failed or found.spoiled:
        say("what failed or could not be read, and why: ratchet alerts")


@app.command()
def add(source: Source, by: By = None, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Put questions into the queue: {"agent", "subject", "question", "classes", "shown"}.

    Only agent and subject are needed; also taken are kind, reason, priority, wanted, featuresRef,
    fingerprint and propensity. What is there already stays as it is.
    """
    file = read_items(source, "items")
    with opened(store) as a:
        found = add_items(a.store, a.reader, actor(by), file.items, now=a.clock())
    if as_json:
        emit(found.to_wire())
        return
    say(f"{found.added} added, {found.known} asked already, {len(found.rejected)} refused")
    for one in found.rejected:
        say(f"  item {one.index}: {one.field}: {one.reason}")


def _why_none(found: FillReport, settings: ReviewSettings) -> str:
    """Return why nothing came into the queue."""
    if found.drawn is not None:
        return (
            f"the draw of the day is made: it took {found.drawn};"
            f" more: ratchet review fill --top N, N up to {settings.top}"
        )
    if found.agents:
        return "what came in is asked about, or labelled, already"
    if not settings.nightly:
        return "nightly of config/review is 0: ratchet review fill --top N"
    return f"nothing was recorded or judged in the last {settings.window_days:g} days"


def _act(act: Act, by: str | None, store: str | None, as_json: bool) -> None:
    """Do something about an item, and tell what became of it."""
    with opened(store) as a:
        found = act(a, actor(by), a.clock())
    if as_json:
        emit(_wire(found))
    else:
        say(outcome(found))


def _wire(item: ReviewItem) -> dict[str, Any]:
    return {"id": item.key()} | item.to_wire()


def _row(x: ReviewItem, now: datetime) -> tuple[Any, ...]:
    claim = x.claim if is_held(x, now) else None
    who, until = (claim.by, claim.until) if claim else (None, None)
    opinions = f"{len(x.opinions)} of {x.wanted}"
    why = x.dropped_reason or x.escalated_reason or x.reason
    return x.key(), state_at(x, now), x.priority, opinions, x.decided, who, until, why
