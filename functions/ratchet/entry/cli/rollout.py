"""Commands about rollouts."""

from typing import Annotated, Any, get_args

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
)
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import random_id
from ratchet.policies.version import SemVer, version_key
from ratchet.rollouts import start as verbs
from ratchet.rollouts.assign import CONTROL, Assignment, Mode
from ratchet.rollouts.history import get_rollout, list_rollouts
from ratchet.rollouts.rollout import Rollout, RolloutDraft

app = typer.Typer(help="Try versions beside the active one.", no_args_is_help=True)

RolloutId = Annotated[str, typer.Argument(metavar="ROLLOUT", help="The rollout's id.")]
CANARY_SHARE = 0.1


@app.command()
def start(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="The policy's id.")],
    challenger: Annotated[
        list[str], typer.Option(help="A version, or NAME=VERSION; give it for each challenger.")
    ],
    reason: Reason,
    mode: Annotated[str, typer.Option(help="shadow, canary or split.")] = "canary",
    share: Annotated[
        float | None, typer.Option(help="Each challenger's share of the units.", show_default="0.1")
    ] = None,
    steps: Annotated[
        str | None, typer.Option(help="Each challenger's share step by step, like 0.1,0.5.")
    ] = None,
    window_hours: Annotated[
        float, typer.Option(help="How long after its exposure an outcome counts.")
    ] = 1.0,
    latency_objective_ms: Annotated[
        float | None, typer.Option(help="What is slower counts as slow.")
    ] = None,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Start a rollout: challengers against the active version."""
    arms = dict(_arm(text) for text in challenger)
    if len(arms) < len(challenger):
        raise InvalidInput(
            "two challengers have one name", field="challenger", mend="name them: a=1.0.1"
        )
    shares = _shares(share, steps, mode, len(arms))
    draft = RolloutDraft.parse(
        {
            "policy": policy,
            "challengers": [
                {"arm": arm, "version": version_key(policy, version)}
                for arm, version in arms.items()
            ],
            "mode": mode,
            "steps": [dict.fromkeys(arms, step) for step in shares],
        }
    )
    with opened(store) as a:
        rollout = verbs.start_rollout(
            a.store,
            a.keys,
            a.reader,
            actor(by),
            draft,
            salt=random_id(),
            reason=reason,
            now=a.clock(),
            outcome_window_hours=window_hours,
            latency_objective_ms=latency_objective_ms,
        )
    if as_json:
        emit(rollout.to_wire())
    else:
        say(f"{rollout.id} runs: {_told(rollout)} against {rollout.champion}")


def _arm(text: str) -> tuple[str, str]:
    """Return (name, version) of a challenger; by itself a version is its own name."""
    name, named, version = text.rpartition("=")
    return (name if named else version), str(SemVer.of(version))


def _shares(share: float | None, steps: str | None, mode: str, challengers: int) -> list[float]:
    """Return each challenger's share, step by step.

    Raises: InvalidInput.
    """
    if mode not in get_args(Mode):
        raise InvalidInput(
            f"{mode!r} is no mode", field="mode", mend=f"wanted: {', '.join(get_args(Mode))}"
        )
    if share is not None and steps is not None:
        raise InvalidInput("--share and --steps at once", field="steps", mend="give one of them")
    if steps is not None:
        try:
            return [float(part) for part in steps.split(",")]
        except ValueError as error:
            raise InvalidInput(
                f"{steps!r} are no shares", field="steps", mend="like 0.1,0.5"
            ) from error
    usual = {"canary": CANARY_SHARE, "shadow": 1.0, "split": 1 / (challengers + 1)}
    return [usual[mode] if share is None else share]


def _told(rollout: Rollout) -> str:
    """Return the present shares as a person reads them."""
    open_now = rollout.steps[rollout.step]
    shares = (f"{c.arm} ({open_now[c.arm]:.3g})" for c in rollout.challengers)
    return f"{rollout.mode} of {', '.join(shares)}"


@app.command("list")
def list_(
    policy: Annotated[str | None, typer.Argument(help="Only this policy's.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the rollouts, oldest first."""
    with opened(store, making=False) as a:
        found = list_rollouts(a.store, policy)
    if as_json:
        emit_lines(rollout.to_wire() for rollout in found)
        return
    columns = ("rollout", "state", "mode", "step", "champion", "challengers", "started", "ended")
    table(columns, [_row(rollout) for rollout in found])


def _row(r: Rollout) -> tuple[Any, ...]:
    step = f"{r.step + 1} of {len(r.steps)}"
    return r.id, r.state, r.mode, step, r.champion, ", ".join(r.arms), r.started_at, r.ended_at


@app.command()
def show(rollout: RolloutId, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show one rollout."""
    with opened(store, making=False) as a:
        found = get_rollout(a.store, rollout)
    if as_json:
        emit(found.to_wire())
    else:
        table(("field", found.id), [(name, cell(v)) for name, v in flat(found.to_map())])


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
        head = verbs.end_rollout(a.store, a.keys, actor(by), rollout, reason=reason, now=a.clock())
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
    with opened(store, making=False) as a:
        found = get_rollout(a.store, rollout)
    met = found.allocation().assign(unit)
    if as_json:
        emit(met.as_exposure() | {"shadows": [shadow.arm for shadow in met.shadows]})
        return
    columns = ("arm", "version", "propensity", "as")
    table(columns, [_assigned(met), *map(_assigned, met.shadows)], title=unit)


def _assigned(met: Assignment) -> tuple[Any, ...]:
    role = "shadow" if met.shadow else "control" if met.arm == CONTROL else "challenger"
    return met.arm, met.version, met.propensity, role
