"""Commands about golden sets: freezing one, what is left of its budget, and looking at it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import (
    AsJson,
    By,
    Reason,
    StoreUrl,
    actor,
    emit,
    emit_lines,
    opened,
    progress,
    say,
    table,
    tell_spoiled,
)
from ratchet.entry.files import json_object, read_text, write_text
from ratchet.entry.wiring import App
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.kernel.registry import pick
from ratchet.rollouts.golden.exposure import Against
from ratchet.rollouts.golden.golden_set import GoldenTerms
from ratchet.rollouts.golden.names import Purpose
from ratchet.rollouts.golden.show import (
    GoldenHistory,
    GoldenShown,
    LookRecorded,
    LookShown,
    list_golden,
    show_golden,
)

app = typer.Typer(
    help="Golden sets: examples to be measured by, never trained on.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="SET", help="The golden set's name.")]
ScoresFile = Annotated[
    Path, typer.Option(metavar="FILE", help="A JSON object of scores 0..1 by example id.")
]
PURPOSES: dict[str, Purpose] = {"promotion": "promotion", "look": "look"}


@app.command()
def freeze(
    name: Name,
    reason: Reason,
    budget: Annotated[int, typer.Option(help="How many looks may justify a promotion.")],
    metric: Annotated[str, typer.Option(help="What its scores are, like success.")],
    version: Annotated[
        str | None, typer.Option(metavar="DATASET[@VERSION]", help="A dataset's version, by split.")
    ] = None,
    split: Annotated[str, typer.Option(help="test or validation, of --version.")] = "test",
    ids: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ids of examples, one a line.")
    ] = None,
    lines: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON lines with input and output.")
    ] = None,
    lower: Annotated[bool, typer.Option("--lower", help="Low scores are good.")] = False,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Freeze examples for good: builds refuse them from then on, and each look is counted."""
    from ratchet.datasets.freeze import freeze_golden

    direction = "lower" if lower else "higher"
    terms = GoldenTerms.parse({"metric": metric, "budget": budget, "direction": direction})
    with opened(store) as a, progress() as bar:
        source = _source(a, version, split, ids, lines)
        task = bar.add_task("redacting", total=len(source.examples))
        golden = freeze_golden(
            a.store,
            a.blobs,
            a.keys,
            actor(by),
            name,
            source,
            terms,
            reason=reason,
            now=a.clock(),
            tell=lambda done: bar.update(task, completed=done),
        )
        kept = show_golden(a.store, a.keys, golden.name).golden
    if as_json:
        emit(kept.to_wire())
    else:
        say(f"{golden.name} is frozen: {golden.examples} examples, {_budget(kept)}")
        if version is not None:
            say(f"  later versions of {version.partition('@')[0]} are without them")


def _source(a: App, version: str | None, split: str, ids: Path | None, lines: Path | None) -> Any:
    """Return what is to be frozen, of the one place that was named."""
    from ratchet.datasets.freeze import of_examples, of_lines, of_version
    from ratchet.datasets.versions.version import SPLITS, dataset_key
    from ratchet.entry.cli.dataset_show import parts_of

    if [version, ids, lines].count(None) != 2:
        raise InvalidInput(
            "examples come from one place",
            field="version",
            mend="give --version, --ids or --lines",
        )
    if version is not None:
        known = pick({one: one for one in SPLITS}, split, field="split")
        return of_version(a.store, a.blobs, a.keys, dataset_key(*parts_of(a, version)), known)
    if ids is not None:
        return of_examples(a.store, a.blobs, read_text(ids, "ids").split())
    return of_lines(line.encode() for line in read_text(lines or Path("-"), "lines").split("\n"))


@app.command("list")
def list_(store: StoreUrl = None, as_json: AsJson = False) -> None:
    """List the golden sets, and what is left of each budget."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        found = list_golden(a.store, a.keys, tell=spoiled.append)
    if as_json:
        emit_lines(golden.to_wire() for golden in found)
    else:
        columns = ("set", "examples", "metric", "good", "looks", "budget", "left", "since", "by")
        table(columns, [_row(golden) for golden in found])
    tell_spoiled(spoiled, as_json)


def _row(golden: GoldenShown) -> tuple[Any, ...]:
    told = golden.metric, golden.direction, golden.exposures, golden.budget, golden.left
    return golden.name, golden.examples, *told, golden.created_at, golden.created_by


@app.command()
def show(name: Name, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show a golden set and every look at it, with what each showed."""
    with opened(store, making=False) as a:
        found = show_golden(a.store, a.keys, name)
    if as_json:
        emit(found.to_wire())
        return
    _show(found)


def _show(found: GoldenHistory) -> None:
    golden = found.golden
    good = "high" if golden.direction == "higher" else "low"
    say(f"{golden.name}: {golden.examples} examples of {golden.source}")
    say(f"  {golden.metric}, {good} is good; {_budget(golden)}")
    say(f"  frozen by {golden.created_by}: {golden.reason}")
    if found.looks:
        columns = ("look", "version", "mean", "sd", "champion", "gain", "interval", "purpose", "by")
        table(columns, [_look(look) for look in found.looks], below=("purpose",))
    for fault in found.broken:
        say(f"left out: {fault}")


def _budget(golden: GoldenShown) -> str:
    return f"{golden.left} of {golden.budget} looks are left"


def _look(look: LookShown) -> tuple[Any, ...]:
    scores, against = look.result.scores, look.result.against
    number = str(look.sequence) + ("" if look.justifies else " (past the budget)")
    gain = (against.gain.value, _interval(against)) if against else (None, None)
    purpose = look.purpose, look.by
    return number, look.version, scores.mean, scores.sd, look.champion, *gain, *purpose


def _interval(against: Against) -> str:
    return f"{against.gain.low:+.3f}..{against.gain.high:+.3f}"


@app.command()
def export(
    name: Name,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the JSON lines go.")],
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write what a set asks: id, input, output and steps of each example, to be scored by id."""
    from ratchet.rollouts.golden.export import golden_lines

    with opened(store, making=False) as a:
        lines = list(golden_lines(a.store, a.blobs, a.keys, name))
    write_text(out, "".join(lines), "out")
    if as_json:
        emit({"set": name, "examples": len(lines), "file": str(out)})
    else:
        say(f"{out}: {len(lines)} examples")


@app.command()
def record(
    name: Name,
    version: Annotated[str, typer.Argument(metavar="POLICY@VERSION", help="What was scored.")],
    scores: ScoresFile,
    champion: Annotated[
        str | None, typer.Option(metavar="POLICY@VERSION", help="What it is held against.")
    ] = None,
    champion_scores: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The champion's scores; those recorded last if absent."),
    ] = None,
    purpose: Annotated[
        str, typer.Option(help="promotion, or look where nothing is to be justified.")
    ] = "promotion",
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Record a version's scores on a set: one look. The same scores again are no second one."""
    from ratchet.rollouts.golden.record import record_golden

    own = json_object(scores, "scores")
    than = json_object(champion_scores, "championScores") if champion_scores else None
    with opened(store, making=False) as a:
        found = record_golden(
            a.store,
            a.blobs,
            a.keys,
            actor(by),
            name,
            version,
            own,
            now=a.clock(),
            champion=champion,
            champion_scores=than,
            purpose=pick(PURPOSES, purpose, field="purpose"),
        )
    look = found.shown()
    if as_json:
        emit(look.to_wire())
    else:
        say("\n".join(_told(look)))


def _told(look: LookRecorded) -> Iterator[str]:
    known = "was known already as" if look.duplicate else "is"
    scores, against = look.result.scores, look.result.against
    yield f"{look.version} on {look.set} {known} look {look.sequence}; {look.left} are left"
    yield f"  mean {scores.mean:.4g} over {scores.n} examples"
    if against is not None:
        level = f"{against.gain.level:.2%} interval {_interval(against)}"
        yield f"  better than {look.champion} by {against.gain.value:+.4g}, {level}"


@app.command()
def verify(name: Name, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Verify a set, its examples and its looks; what is wrong is named, and the status is not 0."""
    from ratchet.rollouts.golden.verify import require_whole, verify_golden

    with opened(store, making=False) as a:
        found = verify_golden(a.store, a.blobs, a.keys, name)
    if as_json:
        emit(found.to_wire())
    else:
        counts = f"{found.examples} examples, {found.exposures} looks"
        say(f"{found.name}: {'valid' if found.valid else 'BROKEN'}: {counts}")
        for fault in found.faults:
            say(f"  {fault}")
    require_whole(found)
