"""The command that starts a rollout, and errors in the terms of its options."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, get_args

import typer

from ratchet.entry.cli.output import AsJson, By, Reason, StoreUrl, actor, emit, opened, say
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import random_id
from ratchet.policies.version import SemVer, version_key
from ratchet.rollouts.assign import LEAST, Mode
from ratchet.rollouts.profile import MAX_CANARY, MIN_CANARY
from ratchet.rollouts.rollout import Rollout, RolloutDraft
from ratchet.rollouts.start import start_rollout

CANARY_SHARE = 0.1
_MODES = get_args(Mode)
_NAMES = "NAME=VERSION like tried=1.0.1; letters, digits and ._:@/+-, each once, none `control`"
_SHARES = {
    "canary": f"from {MIN_CANARY:g} to {MAX_CANARY:g}, the control keeps a part; --steps 0.1,0.5 rise",
    "split": f"from {LEAST:g} on, in one step, the control keeps a part",
    "shadow": f"from {LEAST:g} to 1, never falling",
}
_USUAL = f"{CANARY_SHARE:g} in a canary, equal parts in a split, 1 in shadow mode"

ChallengerOption = Annotated[
    list[str], typer.Option(help="A version, or NAME=VERSION; give it for each challenger.")
]
ShareOption = Annotated[
    float | None, typer.Option(help="Each challenger's share of the units.", show_default=_USUAL)
]
StepsOption = Annotated[
    str | None, typer.Option(help="Each challenger's share step by step, like 0.1,0.5.")
]


def start(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="The policy's id.")],
    challenger: ChallengerOption,
    reason: Reason,
    mode: Annotated[str, typer.Option(help="shadow, canary or split.")] = "canary",
    share: ShareOption = None,
    steps: StepsOption = None,
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
    if mode not in _MODES:
        raise InvalidInput(
            f"--mode {mode}: there is none of that name",
            field="mode",
            mend=f"wanted: {', '.join(_MODES)}",
        )
    if share is not None and steps is not None:
        raise InvalidInput("--share and --steps at once", field="steps", mend="give one of them")
    typed = {
        "challengers": ("challenger", ", ".join(challenger), _NAMES),
        "steps": ("share" if steps is None else "steps", steps or share, _SHARES[mode]),
        "outcomeWindowHours": ("window-hours", window_hours, "from 0 to 720, like 24"),
        "latencyObjectiveMs": ("latency-objective-ms", latency_objective_ms, "like 800"),
    }
    with _in_options(typed):
        draft = _draft(policy, challenger, mode, share, steps)
        with opened(store) as a:
            rollout = start_rollout(
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
        say(told_step(rollout))


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


def _draft(
    policy: str, challengers: list[str], mode: str, share: float | None, steps: str | None
) -> RolloutDraft:
    arms = [_arm(text) for text in challengers]
    shares = _shares(share, steps, mode, len(arms))
    versions = [{"arm": arm, "version": version_key(policy, version)} for arm, version in arms]
    return RolloutDraft.parse(
        {
            "policy": policy,
            "challengers": versions,
            "mode": mode,
            "steps": [dict.fromkeys(dict(arms), step) for step in shares],
        }
    )


def _arm(text: str) -> tuple[str, str]:
    """Return (name, version) of a challenger; by itself a version is its own name.

    Raises: InvalidInput.
    """
    name, named, version = text.rpartition("=")
    try:
        return (name if named else version), str(SemVer.of(version))
    except InvalidInput as error:
        raise InvalidInput(error.message, field="challengers") from error


def _shares(share: float | None, steps: str | None, mode: str, challengers: int) -> list[float]:
    """Return each challenger's share, step by step.

    Raises: InvalidInput.
    """
    if steps is not None:
        try:
            return [float(part) for part in steps.split(",")]
        except ValueError as error:
            raise InvalidInput("no shares, parted by commas", field="steps") from error
    usual = {"canary": CANARY_SHARE, "shadow": 1.0, "split": 1 / (challengers + 1)}
    return [usual[mode] if share is None else share]


def told_step(rollout: Rollout) -> str:
    """Return who meets what now, and how the next step is opened."""
    open_now = rollout.steps[rollout.step]
    shares = ", ".join(f"{c.arm} ({open_now[c.arm]:.3g})" for c in rollout.challengers)
    told = f"{rollout.id} runs: {rollout.mode} of {shares} against {rollout.champion}"
    if len(rollout.steps) == 1:
        return f"{told}, in one step"
    told = f"{told}, step {rollout.place}"
    if rollout.step + 1 == len(rollout.steps):
        return f"{told}, the last"
    return f"{told}; next: ratchet rollout advance {rollout.id} --reason ..."
