"""The command that counts the review queue: what waits, who answers, how they agree."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import (
    AsJson,
    StoreUrl,
    cell,
    emit,
    opened,
    say,
    table,
    tell_spoiled,
)
from ratchet.entry.cli.trial_words import counted
from ratchet.kernel.errors import RatchetError
from ratchet.labels.review.agreement import Agreement
from ratchet.labels.review.stats import Counts, ReviewStats, review_stats

COUNTED = ("open", "claimed", "escalated", "done", "dropped", "oldest")


def stats(
    agent: Annotated[str | None, typer.Option(help="Only of this agent.")] = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back.")] = 30,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show what waits and for how long, who answered, and how reviewers agree."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        back, now = timedelta(days=days), a.clock()
        found = review_stats(a.store, now=now, agent=agent, back=back, tell=spoiled.append)
    if as_json:
        emit(found.to_wire())
    else:
        _tell_stats(found, days)
    tell_spoiled(spoiled, as_json)


def _tell_stats(found: ReviewStats, days: int) -> None:
    closed = f"closed in {days} d"
    rows = [("all", *_counted(found.total))]
    rows += [(name, *_counted(counts)) for name, counts in found.by_kind.items()]
    rows += [(name, *_counted(counts)) for name, counts in found.by_agent.items()]
    table(("", *COUNTED), rows, title=f"what waits, and what was {closed}")
    people = found.by_reviewer.items()
    columns = ("reviewer", "answered", "followed", "skipped", "escalated", "holds")
    if people:
        table(
            columns,
            [(n, x.answered, x.followed, x.skipped, x.escalated, x.holds) for n, x in people],
        )
    _tell_agreement(found.agreement)


def _counted(counts: Counts) -> tuple[Any, ...]:
    return tuple(getattr(counts, name) for name in COUNTED)


def _tell_agreement(found: Agreement) -> None:
    if found.share is None:
        say("how reviewers agree is not known: no item has two opinions")
        return
    alpha = "unknown" if found.alpha is None else cell(found.alpha)
    items = counted(found.items, "item")
    say(f"reviewers agree in {found.share:.1%} of pairs of answers on {items};")
    say(f"  beyond chance (Krippendorff's alpha, 1 is all): {alpha}")
    table(
        ("reviewer", "and", "items", "agree", "kappa"),
        [(pair.first, pair.second, pair.items, pair.share, pair.kappa) for pair in found.pairs],
    )
