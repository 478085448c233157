"""The command that lists the examples of silver, and finds them by what they were made of."""

from dataclasses import replace
from typing import Annotated

import typer

from ratchet.datasets.collecting.gather import GATHERERS
from ratchet.datasets.example import Example
from ratchet.datasets.filter import FILTERS
from ratchet.datasets.versions.browse import examples_query, load_example
from ratchet.entry.cli.output import AsJson, StoreUrl, emit_lines, opened, table, tell_spoiled
from ratchet.kernel.each import each
from ratchet.kernel.errors import RatchetError
from ratchet.kernel.registry import pick

KEPT = "kept"


def register(app: typer.Typer) -> None:
    """Add this command to those of datasets."""
    app.command()(examples)


def examples(
    task: Annotated[str | None, typer.Option("--task", help="Of this task's id.")] = None,
    source: Annotated[str | None, typer.Option("--source", help=f"{', '.join(GATHERERS)}.")] = None,
    source_id: Annotated[
        str | None, typer.Option("--source-id", help="Made of what has this id in its source.")
    ] = None,
    component: Annotated[str | None, typer.Option("--component", help="Of this one.")] = None,
    reason: Annotated[
        str | None,
        typer.Option("--reason", help=f"{KEPT}, or not kept for: {', '.join(FILTERS)}."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many.")] = 20,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List examples in order of id, withdrawn ones too, without their words."""
    if source is not None:
        pick(GATHERERS, source, field="--source")
    if reason not in (None, KEPT):
        pick(FILTERS, reason or "", field="--reason")
    wanted = examples_query(
        source=source,
        source_id=source_id,
        task_id=task,
        component=component,
        reason="" if reason == KEPT else reason,
    )
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        stored = a.store.query(replace(wanted, limit=limit))
        found = list(each(stored, load_example, spoiled.append))
    if as_json:
        emit_lines(example.to_wire() for example in found)
    else:
        columns = ("id", "component", "task", "source", "state", "quality", "made of")
        rows = [
            (x.id, x.component, x.task_id, x.source, _state(x), x.quality, x.source_id)
            for x in found
        ]
        table(columns, rows, below=("made of",))
    tell_spoiled(spoiled, as_json)


def _state(example: Example) -> str:
    return "withdrawn" if example.withdrawn_at is not None else example.reason or KEPT
