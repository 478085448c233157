"""Commands about rollouts."""

from datetime import datetime
from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import (
    AsJson,
    StoreUrl,
    emit,
    emit_lines,
    opened,
    say,
    table,
    tell_spoiled,
    warn,
)
from ratchet.entry.cli.rollout_report import read_page, say_page, why_unserved
from ratchet.entry.cli.rollout_start import aa, start
from ratchet.entry.wiring import App
from ratchet.govern.audit import AuditEntry, entry_key
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.policies.head import PolicyHead
from ratchet.rollouts.assign import CONTROL, Assignment
from ratchet.rollouts.history import get_rollout, list_rollouts
from ratchet.rollouts.resolve import not_served
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Ref

app = typer.Typer(help="Try versions beside the active one.", no_args_is_help=True)

RolloutId = Annotated[str, typer.Argument(metavar="ROLLOUT", help="The rollout's id.")]


app.command()(start)
app.command()(aa)


@app.command("list")
def list_(
    policy: Annotated[str | None, typer.Argument(help="Only this policy's.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the rollouts, oldest first."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        listed = list_rollouts(a.store, policy, tell=spoiled.append)
        found = [(rollout, why_unserved(a, rollout)) for rollout in listed]
    if as_json:
        emit_lines(_wire(*one) for one in found)
        tell_spoiled(spoiled, as_json)
        return
    columns = ("rollout", "state", "what", "step", "champion", "challengers", "started", "ended")
    below = ("challengers", "champion", "step")
    table(columns, [_row(rollout) for rollout, _ in found], below=below)
    for rollout, unserved in found:
        if unserved and rollout.state == "running":
            say(f"{rollout.id} is not served: {unserved}")
    tell_spoiled(spoiled, as_json)


def _wire(rollout: Rollout, unserved: str) -> dict[str, Any]:
    return rollout.to_wire() | ({"notServed": unserved} if unserved else {})


def _row(r: Rollout) -> tuple[Any, ...]:
    champion, state = r.champion.partition("@")[2], (r.outcome or r.state).replace("_", " ")
    what = r.mode if r.purpose == "trial" else r.purpose
    arms = ", ".join(r.arms)
    return r.id, state, what, r.place, champion, arms, r.started_at, r.ended_at


@app.command()
def show(rollout: RolloutId, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show one rollout and its newest verdict, with every number that it rests on."""
    with opened(store, making=False) as a:
        page = read_page(a, rollout)
    if as_json:
        emit(page.to_wire())
    else:
        say_page(page)


@app.command()
def assignment(
    rollout: RolloutId,
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="As the component names it.")],
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show which arm a unit meets in the rollout's present step."""
    if not unit:
        raise InvalidInput("the unit is empty", field="unit", mend="name it as the component does")
    with opened(store, making=False) as a:
        found = get_rollout(a.store, rollout)
        unserved = why_unserved(a, found)
    if unserved:
        raise not_served(found, unserved)
    met = found.allocation().assign(unit)
    if as_json:
        emit(met.as_exposure() | {"shadows": [shadow.arm for shadow in met.shadows]})
        return
    columns = ("arm", "version", "propensity", "as")
    table(columns, [_assigned(met), *map(_assigned, met.shadows)], title=unit)


def _assigned(met: Assignment) -> tuple[Any, ...]:
    role = "shadow" if met.shadow else "control" if met.arm == CONTROL else "challenger"
    return met.arm, met.version, met.propensity, role


def told_head(head: PolicyHead) -> str:
    """Return which version is active, and what runs beside it."""
    beside = f", and {head.rollout} runs beside it" if head.rollout else ""
    return f"{head.id}@{head.active} is active{beside}"


def note_rollout(a: App, head: PolicyHead, now: datetime) -> None:
    """Tell which rollout was over once another version was made active, at an instant."""
    last = a.store.get(Ref(AuditEntry.collection, entry_key(head.id, head.audit_sequence)))
    entry = AuditEntry.from_store(last.data) if last else None
    ended = entry.evidence.get("endedRollout") if entry and entry.ts == now else None
    if ended:
        warn(f"rollout {ended} has ended: its champion is not active any more")
