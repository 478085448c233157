"""Commands about verdicts: what was decided about a rollout, and whether it follows."""

from collections.abc import Iterator, Sequence
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
)
from ratchet.entry.cli.rollout import RolloutId
from ratchet.entry.cli.rollout_report import say_verdict
from ratchet.kernel.errors import RatchetError
from ratchet.rollouts.check_verdict import Checked, check_verdict, check_verdicts, require_equal
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.verdict import Verdict
from ratchet.rollouts.verdicts import get_verdict, verdicts_of

app = typer.Typer(help="What was decided about rollouts, and why.", no_args_is_help=True)

VerdictId = Annotated[str, typer.Argument(metavar="VERDICT", help="The verdict's id.")]


@app.command("list")
def list_(
    rollout: RolloutId,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the verdicts on a rollout, oldest first."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        get_rollout(a.store, rollout)
        looks = verdicts_of(a.store, a.keys, rollout, limit=limit, tell=spoiled.append)
        found = list(looks)[::-1]
    if as_json:
        emit_lines(verdict.to_wire() for verdict in found)
    else:
        table(("verdict", "at", "decision", "done", "why"), [_row(verdict) for verdict in found])
    tell_spoiled(spoiled, as_json)


def _row(v: Verdict) -> tuple[Any, ...]:
    why = v.note or "; ".join(v.judged.reasons)
    return v.id, v.at, v.decision, v.effect.replace("_", " "), why


@app.command()
def show(verdict: VerdictId, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show one verdict, and every number that it rests on."""
    with opened(store, making=False) as a:
        found = get_verdict(a.store, a.keys, verdict)
    if as_json:
        emit(found.to_wire())
        return
    say_verdict(found)
    judged = found.judged
    rests = f"{len(judged.buckets)} days of arms, sums {judged.data[:16]}"
    say(f"rests on {rests}, and on {judged.before or 'no verdict before'}; code {judged.code}")


@app.command()
def check(
    verdict: Annotated[
        str, typer.Argument(metavar="ID", help="The verdict's id; with --all its rollout's.")
    ],
    all_: Annotated[bool, typer.Option("--all", help="Check every verdict of a rollout.")] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Judge a verdict again from the store. What comes out is compared byte for byte."""
    with opened(store, making=False) as a:
        found = (
            check_verdicts(a.store, a.keys, verdict)
            if all_
            else [check_verdict(a.store, a.keys, verdict)]
        )
    if as_json:
        emit_lines(checked.to_wire() for checked in found)
    else:
        for line in _lines(found):
            say(line)
    for checked in sorted(found, key=lambda c: c.result == "gone"):  # what was changed, first
        require_equal(checked)


def _lines(found: Sequence[Checked]) -> Iterator[str]:
    """Yield what was found, of many verdicts those alone that are not as recorded."""
    if len(found) == 1:
        yield _told(found[0])
        return
    equal = [checked for checked in found if checked.result == "equal"]
    yield from (_told(checked) for checked in found if checked.result != "equal")
    yield f"{len(equal)} of {len(found)} verdicts equal byte for byte"


def _told(c: Checked) -> str:
    note = f" ({c.note})" if c.note else ""
    if c.result == "equal":
        return f"{c.verdict}: {c.decision}, equal byte for byte{note}"
    if c.result in ("gone", "broken"):
        return f"{c.verdict}: {c.decision}, CANNOT BE CHECKED{note}"
    shown = f"{c.recorded!r} was recorded, {c.computed!r} follows"
    return f"{c.verdict}: {c.decision}, DIFFERS in {c.field}: {shown}{note}"
