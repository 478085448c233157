"""The commands that start a rollout, and errors in the terms of their options."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, get_args

import typer

from ratchet.entry.cli.learned import note_of, withdrawn_behind
from ratchet.entry.cli.output import AsJson, By, Reason, StoreUrl, actor, cell, emit, opened, say
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import random_id
from ratchet.policies.version import SemVer, version_key
from ratchet.rollouts.aa import start_aa
from ratchet.rollouts.assign import LEAST, Mode
from ratchet.rollouts.profile import MAX_CANARY, MIN_CANARY
from ratchet.rollouts.request import RolloutRequest
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.start import start_rollout

_MODES = get_args(Mode)
_NAMES = (
    "NAME=VERSION like tried=1.0.1, each once: another version than the active one, and a name of"
    " letters, digits and ._:@/+- that is not `control`"
)
_SHARES = {
    "canary": f"from {MIN_CANARY:g} to {MAX_CANARY:g}; --steps 0.1,0.5 rise",
    "split": f"from {LEAST:g} on, in one step, the control keeps a part",
    "shadow": f"from {LEAST:g} to 1, never falling",
}
_USUAL = "the profile's in a canary and in shadow mode, equal parts in a split"

Policy = Annotated[str, typer.Argument(metavar="POLICY", help="The policy's id.")]
ChallengerOption = Annotated[
    list[str], typer.Option(help="A version, or NAME=VERSION; give it for each challenger.")
]
ProfileOption = Annotated[
    str | None, typer.Option(help="Judged by this profile.", show_default="that of config/gates")
]


def start(
    policy: Policy,
    challenger: ChallengerOption,
    reason: Reason,
    mode: Annotated[
        str | None,
        typer.Option(
            help="shadow, canary or split; gates it leaves out are an override.",
            show_default="the first gate of what the versions change",
        ),
    ] = None,
    profile: ProfileOption = None,
    share: Annotated[
        float | None,
        typer.Option(help="Each challenger's share of the units.", show_default=_USUAL),
    ] = None,
    steps: Annotated[
        str | None, typer.Option(help="Each challenger's share step by step, like 0.1,0.5.")
    ] = None,
    window_hours: Annotated[
        float | None,
        typer.Option(
            help="How long after its exposure an outcome counts.", show_default="the profile's"
        ),
    ] = None,
    latency_objective_ms: Annotated[
        float | None,
        typer.Option(help="What is slower counts as slow.", show_default="the profile's"),
    ] = None,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Start a rollout of versions against the active one. They enter the first of their gates."""
    _check(mode, share, steps)
    typed = {
        "challengers": ("challenger", ", ".join(challenger), _NAMES),
        "steps": (
            "share" if steps is None else "steps",
            steps or share,
            _SHARES.get(mode or "", ""),
        ),
        "outcomeWindowHours": ("window-hours", window_hours, "from 0.05 to 720, like 24"),
        "latencyObjectiveMs": ("latency-objective-ms", latency_objective_ms, "like 800"),
    }
    with _in_options(typed):
        arms = [_arm(text) for text in challenger]
        asked = {
            "policy": policy,
            "challengers": [{"arm": a, "version": version_key(policy, v)} for a, v in arms],
            "mode": mode,
            "steps": _steps(share, steps, dict(arms)),
            "profile": profile,
            "outcomeWindowHours": window_hours,
            "latencyObjectiveMs": latency_objective_ms,
        }
        request = RolloutRequest.parse({k: v for k, v in asked.items() if v is not None})
        with opened(store) as a:
            rollout = start_rollout(
                a.store,
                a.keys,
                a.reader,
                actor(by),
                request,
                salt=random_id(),
                reason=reason,
                now=a.clock(),
            )
            tried = [version_key(policy, v) for _, v in arms]
            gone = {version: withdrawn_behind(a.store, version) for version in tried}
    _tell(rollout, as_json)
    for version, labels in gone.items():
        if labels and not as_json:
            say(note_of(version, labels))


def aa(
    policy: Policy,
    reason: Reason,
    arms: Annotated[int, typer.Option(min=1, max=4, help="How many twins of it run.")] = 1,
    share: Annotated[
        float | None, typer.Option(help="Each twin's share.", show_default="equal parts")
    ] = None,
    profile: ProfileOption = None,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Try the active version against itself. What is decided then is false, and changes nothing."""
    with _in_options({"steps": ("share", share, _SHARES["split"])}), opened(store) as a:
        rollout = start_aa(
            a.store,
            a.keys,
            a.reader,
            actor(by),
            policy,
            arms=arms,
            share=share,
            profile=profile,
            salt=random_id(),
            reason=reason,
            now=a.clock(),
        )
    _tell(rollout, as_json)


def _check(mode: str | None, share: float | None, steps: str | None) -> None:
    """Refuse options that do not go together.

    Raises: InvalidInput.
    """
    if mode is not None and mode not in _MODES:
        raise InvalidInput(
            f"--mode {mode}: there is none of that name",
            field="mode",
            mend=f"wanted: {', '.join(_MODES)}",
        )
    if share is not None and steps is not None:
        raise InvalidInput("--share and --steps at once", field="steps", mend="give one of them")
    if mode is None and (share is not None or steps is not None):
        raise InvalidInput(
            "shares are of a mode, and which gate is first is not said here",
            field="mode",
            mend=f"name --mode: {', '.join(_MODES)}",
        )


@contextmanager
def _in_options(typed: Mapping[str, tuple[str, Any, str]]) -> Iterator[None]:
    """Name the option that a wrong field came from, with what was typed and what may be."""
    try:
        yield
    except InvalidInput as error:
        option, value, mend = typed.get(error.field.partition(".")[0], ("", "", ""))
        if not option:
            raise
        told = error.message.rpartition(f"{error.field}: ")[2]
        said = f"{value:g}" if isinstance(value, float) else value or ""
        message = f"--{option} {said}: {told}"
        raise InvalidInput(message, field=option, mend=f"--{option} {mend}") from error


def _arm(text: str) -> tuple[str, str]:
    """Return (name, version) of a challenger; by itself a version is its own name.

    Raises: InvalidInput.
    """
    name, named, version = text.rpartition("=")
    try:
        return (name if named else version), str(SemVer.of(version))
    except InvalidInput as error:
        raise InvalidInput(error.message, field="challengers") from error


def _steps(
    share: float | None, steps: str | None, arms: Mapping[str, str]
) -> list[dict[str, float]] | None:
    """Return the shares step by step, alike for each challenger; None where none was named.

    Raises: InvalidInput.
    """
    if share is not None:
        return [dict.fromkeys(arms, share)]
    if steps is None:
        return None
    try:
        return [dict.fromkeys(arms, float(part)) for part in steps.split(",")]
    except ValueError as error:
        raise InvalidInput("no shares, parted by commas", field="steps") from error


def _tell(rollout: Rollout, as_json: bool) -> None:
    if as_json:
        emit(rollout.to_wire())
        return
    for line in (told_step(rollout), *told_plan(rollout)):
        say(line)


def told_step(rollout: Rollout) -> str:
    """Return who meets what now, and how the next step is opened."""
    open_now = rollout.steps[rollout.step]
    shares = ", ".join(f"{c.arm} ({open_now[c.arm]:.3g})" for c in rollout.challengers)
    told = f"{rollout.id} runs: {rollout.mode} of {shares} against {rollout.champion}"
    if len(rollout.steps) == 1:
        return f"{told}, in one step"
    told = f"{told}, step {rollout.place}"
    return f"{told}, the last" if rollout.is_last_step else told


def told_plan(rollout: Rollout) -> Iterator[str]:
    """Yield what comes after it, what it takes to see anything, and until when it may."""
    left = ", ".join(rollout.gates) if rollout.gates else "none"
    if rollout.purpose == "trial":
        yield f"judged by {rollout.profile_name}, once an hour; gates left after it: {left}"
    else:
        yield f"judged by {rollout.profile_name}, once an hour; whatever is found changes nothing"
    if rollout.skipped:
        yield f"override: left out {', '.join(rollout.skipped)}, and the audit says so"
    if rollout.plan is not None:
        plan = rollout.plan
        late = ": LATE, that is past the deadline" if plan.late else ""
        effect = f"{rollout.profile.goal.metric} {rollout.profile.detect}"
        yield f"to see {effect} takes {plan.units:,} units of it and {plan.hours:,.0f} h{late}"
    elif rollout.purpose == "trial":
        yield f"nothing is known of {rollout.profile.goal.metric} yet, so there is no plan"
    yield f"without a decision it expires at {cell(rollout.deadline)} UTC"
