"""Commands about what judges' words weigh, and how that came about."""

from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import (
    AsJson,
    StoreUrl,
    ago,
    emit,
    emit_lines,
    opened,
    say,
    table,
    tell_spoiled,
)
from ratchet.entry.cli.trial_words import counted
from ratchet.kernel.errors import RatchetError
from ratchet.labels.judge_weight import JudgeWeight, JudgeWeightNight
from ratchet.labels.unweighed import why_unweighed
from ratchet.labels.weigh import WeighReport, weights_of
from ratchet.labels.weigh_and_grade import weigh_and_grade
from ratchet.labels.weight_history import all_weights, weight_history

Agent = Annotated[str | None, typer.Option(help="Only the judges of this agent.")]
COLUMNS = ("judge", "agent", "weight", "plain", "agreement", "kappa", "calibration", "n", "finding")
CHANGES = ("judge", "agent", "before", "now", "finding", "why")
NIGHTS = ("night", "judge", "weight", "plain", "n", "effective", "week var", "finding", "why")


def weights(
    agent: Agent = None,
    update: Annotated[
        bool, typer.Option("--update", help="Weigh them now, as every night at 03:00 UTC.")
    ] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show what each judge's word weighs for an agent, and why some weigh nothing."""
    if update:
        with opened(store) as a:
            found = weigh_and_grade(a.store, a.reader, now=a.clock(), agent=agent)
        _tell_changes(found, as_json)
        return
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        stored = (
            all_weights(a.store, tell=spoiled.append)
            if agent is None
            else weights_of(a.store, agent, tell=spoiled.append).values()
        )
        shown = sorted(stored, key=lambda w: (w.agent, -w.weight, w.judge))
        why = "" if shown or spoiled or as_json else why_unweighed(a.store, agent)
    if as_json:
        emit_lines(weight.to_wire() for weight in shown)
    elif why:
        say(why)
    else:
        table((*COLUMNS, "why"), [_row(weight) for weight in shown], below=("why",))
    tell_spoiled(spoiled, as_json)


def history(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="Whose judges.")],
    judge: Annotated[str | None, typer.Option(help="Only this judge.")] = None,
    since: Annotated[str | None, typer.Option(help="How far back: 7d, 24h, a date.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many nights.")] = 100,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the nights of an agent's judges, the latest first."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        start = ago(since, a.clock())
        found = weight_history(a.store, agent, judge, limit=limit, since=start, tell=spoiled.append)
    if as_json:
        emit_lines(night.to_wire() for night in found)
    else:
        table(NIGHTS, [_night(night) for night in found], below=("why",))
    tell_spoiled(spoiled, as_json)


def _row(x: JudgeWeight) -> tuple[Any, ...]:
    numbers = (x.weight, x.plain, x.agreement, x.chance_corrected, x.calibration_error, x.n)
    withdrawn = f"rests on {len(x.withdrawn)} withdrawn labels" if x.withdrawn else ""
    why = "; ".join(filter(None, (x.reason, withdrawn)))
    return (x.judge, x.agent, *numbers, x.finding, why)


def _night(x: JudgeWeightNight) -> tuple[Any, ...]:
    numbers = (x.weight, x.plain, x.n, x.effective_n, x.week_variance)
    return (x.ts, x.judge, *numbers, x.finding, x.reason)


def _tell_changes(found: WeighReport, as_json: bool) -> None:
    if as_json:
        emit(found.to_wire())
        return
    judges, agents = counted(found.judges, "judge"), counted(found.agents, "agent")
    again = f", {counted(found.graded, 'observation')} graded anew" if found.graded else ""
    say(f"{judges} of {agents} weighed, {len(found.changed)} changed{again}")
    if found.changed:
        rows = [(c.judge, c.agent, c.before, c.after, c.finding, c.reason) for c in found.changed]
        table(CHANGES, rows, below=("why",))
    if found.failed or found.spoiled:
        say("what could not be read or weighed, and why: ratchet alerts")
