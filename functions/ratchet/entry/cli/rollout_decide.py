"""The commands by which a person, or the hour, decides about a rollout."""

from collections.abc import Sequence
from datetime import datetime
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
    opened,
    say,
    table,
)
from ratchet.entry.cli.rollout import RolloutId, told_head
from ratchet.entry.cli.rollout_report import say_verdict
from ratchet.entry.cli.rollout_start import told_step
from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.rollouts.abort import abort_rollout
from ratchet.rollouts.advance import advance_rollout
from ratchet.rollouts.evaluate import Looked, evaluate_rollout, evaluate_rollouts
from ratchet.rollouts.hold import hold_rollout
from ratchet.rollouts.override import Decision, override_rollout
from ratchet.rollouts.verdict import Verdict

_DECISIONS: tuple[Decision, ...] = get_args(Decision)


def advance(
    rollout: RolloutId,
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Open a rollout's next step now. It waits for no verdict, and the audit marks an override."""
    with opened(store) as a:
        found = advance_rollout(a.store, a.keys, actor(by), rollout, reason=reason, now=a.clock())
    if as_json:
        emit(found.to_wire())
    else:
        say(told_step(found))


def hold(
    rollout: RolloutId,
    reason: Reason,
    release: Annotated[bool, typer.Option("--release", help="Let it go on again.")] = False,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Keep a rollout from being promoted. It is judged on, and harm is still rolled back."""
    with opened(store) as a:
        found = hold_rollout(
            a.store, a.keys, actor(by), rollout, release=release, reason=reason, now=a.clock()
        )
    if as_json:
        emit(found.to_wire())
    else:
        release_it = f"ratchet rollout hold {found.id} --release --reason ..."
        say(f"{found.id} is held; {release_it}" if found.held else f"{found.id} is held no more")


def abort(
    rollout: RolloutId,
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """End a rollout without a decision. The active version serves everybody again."""
    with opened(store) as a:
        head = abort_rollout(a.store, a.keys, actor(by), rollout, reason=reason, now=a.clock())
    if as_json:
        emit(head.to_wire())
    else:
        say(f"{rollout} has ended, {head.id}@{head.active} serves everybody")


def override(
    rollout: RolloutId,
    decision: Annotated[str, typer.Argument(metavar="PROMOTE|ROLL_BACK", help="What to do.")],
    reason: Reason,
    arm: Annotated[
        str | None, typer.Option(help="Which challenger, where several are tried.")
    ] = None,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Promote or roll back at once. By name and reason, whatever the evidence says."""
    wanted = next((known for known in _DECISIONS if known == decision), None)
    if wanted is None:
        raise InvalidInput(
            f"{decision} is no decision", field="decision", mend=" or ".join(_DECISIONS)
        )
    with opened(store) as a:
        head = override_rollout(
            a.store,
            a.keys,
            a.reader,
            actor(by),
            rollout,
            wanted,
            arm=arm,
            reason=reason,
            now=a.clock(),
        )
    if as_json:
        emit(head.to_wire())
    else:
        goes_on = "goes on without that challenger" if head.rollout == rollout else "has ended"
        say(f"{rollout} {goes_on}: {told_head(head)}")


def evaluate(
    rollout: Annotated[
        str | None, typer.Argument(metavar="ROLLOUT", help="Only this one; all if absent.")
    ] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Judge what runs now, and do what follows. Once in an hour, as the schedule does.

    What was judged in this hour already is not judged again: its verdict is shown.
    """
    with opened(store) as a:
        now = a.clock()
        if rollout is None:
            _tell_all(evaluate_rollouts(a.store, a.keys, a.reader, now=now), as_json)
        else:
            verdict = evaluate_rollout(a.store, a.keys, a.reader, rollout, now=now)
            _tell_one(rollout, verdict, now, as_json)


def _tell_all(found: Sequence[Looked], as_json: bool) -> None:
    if as_json:
        emit_lines(looked.to_wire() for looked in found)
    else:
        table(("rollout", "decision", "done", "note", "why"), [_row(looked) for looked in found])


def _row(looked: Looked) -> tuple[Any, ...]:
    done = looked.effect.replace("_", " ")
    return looked.rollout, looked.decision, done, looked.note, "; ".join(looked.reasons)


def _tell_one(rollout: str, verdict: Verdict | None, now: datetime, as_json: bool) -> None:
    if verdict is None:
        raise Refused(
            f"{rollout} was not judged: it is not its policy's rollout any more, and has ended",
            field="rollout",
            mend=f"ratchet rollout show {rollout}",
        )
    if as_json:
        emit(verdict.to_wire())
        return
    say_verdict(verdict)
    if verdict.at < now:
        say(f"that was decided at {cell(verdict.at)} UTC: a rollout is judged once in an hour")
