"""Commands about rollouts."""

from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import (
    AsJson,
    By,
    Reason,
    StoreUrl,
    actor,
    cell,
    emit,
    emit_lines,
    flat,
    opened,
    say,
    table,
    warn,
)
from ratchet.entry.cli.rollout_start import start, told_step
from ratchet.entry.wiring import App
from ratchet.kernel.errors import InvalidInput
from ratchet.policies.head import PolicyHead
from ratchet.rollouts.advance import advance_rollout
from ratchet.rollouts.assign import CONTROL, Assignment
from ratchet.rollouts.history import get_rollout, list_rollouts
from ratchet.rollouts.resolve import not_served, why_not_served
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.start import end_rollout

app = typer.Typer(help="Try versions beside the active one.", no_args_is_help=True)

RolloutId = Annotated[str, typer.Argument(metavar="ROLLOUT", help="The rollout's id.")]


app.command()(start)


@app.command("list")
def list_(
    policy: Annotated[str | None, typer.Argument(help="Only this policy's.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the rollouts, oldest first."""
    with opened(store, making=False) as a:
        found = [(rollout, _unserved(a, rollout)) for rollout in list_rollouts(a.store, policy)]
    if as_json:
        emit_lines(_wire(*one) for one in found)
        return
    columns = ("rollout", "state", "mode", "step", "champion", "challengers", "started", "ended")
    table(columns, [_row(rollout) for rollout, _ in found])
    for rollout, unserved in found:
        if unserved and rollout.state == "running":
            say(f"{rollout.id} is not served: {unserved}")


def _unserved(a: App, rollout: Rollout) -> str:
    """Return why nobody gets a rollout; empty where components get it."""
    if rollout.state == "ended":
        return "it has ended"
    return why_not_served(a.store, a.keys, rollout.policy, rollout.id)


def _wire(rollout: Rollout, unserved: str) -> dict[str, Any]:
    return rollout.to_wire() | ({"notServed": unserved} if unserved else {})


def _row(r: Rollout) -> tuple[Any, ...]:
    version = r.champion.partition("@")[2]
    return r.id, r.state, r.mode, r.place, version, ", ".join(r.arms), r.started_at, r.ended_at


@app.command()
def show(rollout: RolloutId, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show one rollout."""
    with opened(store, making=False) as a:
        found = get_rollout(a.store, rollout)
        unserved = _unserved(a, found)
    if as_json:
        emit(_wire(found, unserved))
        return
    why = [("not served", unserved)] if unserved else []
    table(("field", found.id), [*why, *((name, cell(v)) for name, v in flat(found.to_map()))])


@app.command()
def advance(
    rollout: RolloutId,
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Open a rollout's next step: its shares rise, and no unit leaves a challenger."""
    with opened(store) as a:
        found = advance_rollout(a.store, a.keys, actor(by), rollout, reason=reason, now=a.clock())
    if as_json:
        emit(found.to_wire())
    else:
        say(told_step(found))


@app.command()
def end(
    rollout: RolloutId,
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """End a rollout: the active version serves everybody again."""
    with opened(store) as a:
        head = end_rollout(a.store, a.keys, actor(by), rollout, reason=reason, now=a.clock())
    if as_json:
        emit(head.to_wire())
    else:
        say(f"{rollout} has ended, {head.id}@{head.active} serves everybody")


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
        unserved = _unserved(a, found)
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


def note_rollout(a: App, head: PolicyHead) -> None:
    """Tell whether the rollout of a policy is served, now that a version was made active."""
    if head.rollout is None:
        return
    unserved = why_not_served(a.store, a.keys, head.id, head.rollout)
    told = (
        f"is not served any more: {unserved}" if unserved else "is served: its champion is active"
    )
    warn(
        f"rollout {head.rollout} {told}; ratchet rollout abort {head.rollout} --reason ... ends it"
    )
