"""The command that shows observations, their rewards, and what was said of them later."""

from collections.abc import Mapping
from typing import Annotated, Any, get_args

import typer

from ratchet.entry.cli.output import AsJson, StoreUrl, ago, emit_lines, opened, table
from ratchet.entry.wiring import App
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.observe.browse import Wanted, browse, show
from ratchet.observe.observation import Outcome

OUTCOMES = get_args(Outcome)
SAID = ("id", "source", "grade", "outcome", "drawn", "judges")


def observations(
    component: Annotated[str | None, typer.Option(help="One component.")] = None,
    outcome: Annotated[str | None, typer.Option(help="success, failure or timeout.")] = None,
    version: Annotated[str | None, typer.Option(help="The version served.")] = None,
    error_code: Annotated[str | None, typer.Option(help="One error code.")] = None,
    run_id: Annotated[str | None, typer.Option(help="One run.")] = None,
    since: Annotated[str | None, typer.Option(help="Arrived since: 15m, 24h or a date.")] = None,
    one: Annotated[str | None, typer.Option("--id", help="One document, or one item.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many observations.")] = 20,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show observations with their rewards, newest first; looks inside batches."""
    if outcome is not None and outcome not in OUTCOMES:
        raise InvalidInput(
            f"{outcome!r} is no outcome", field="outcome", mend=f"wanted: {', '.join(OUTCOMES)}"
        )
    with opened(store, making=False) as app:
        found = list(
            show(app.store, one)
            if one is not None
            else _browse(
                app,
                limit,
                since,
                {
                    "component": component,
                    "outcome": outcome,
                    "version": version,
                    "error_code": error_code,
                    "run_id": run_id,
                },
            )
        )
    if one is not None and not found:
        raise NotFound(f"observation {one} does not exist", field="id", mend="check the id")
    if as_json:
        emit_lines(found)
        return
    rows = [
        (
            o["ts"],
            o["id"],
            o["component"],
            o["outcome"],
            o.get("durationMs"),
            o.get("costUsd"),
            o.get("errorCode"),
            o["reward"]["score"] if "reward" in o else None,
        )
        for o in found
    ]
    table(("ts", "id", "component", "outcome", "ms", "cost $", "error", "reward"), rows)
    said = [row for o in found for row in _said(o)]
    if one is not None and said:
        table(SAID, said, title="what was said of it later")


def _said(o: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return a row for each source's word on an observation, with the judges it comes from."""
    told = o.get("reward", {}).get("feedback", {})
    return [
        (o["id"], source, w.get("grade"), w.get("outcome"), w.get("propensity"), _judges(w))
        for source, w in told.items()
    ]


def _judges(word: Mapping[str, Any]) -> str | None:
    """Return which judges a grade comes from, what each said, and what its word weighs."""
    if word.get("asked"):
        return "asked, not answered yet"
    judges = word.get("judges", ())
    shown = (f"{j['judge']} {j['version']}: {j['score']:g}, weight {j['weight']:g}" for j in judges)
    return "; ".join(shown) or None


def _browse(app: App, limit: int, since: str | None, asked: dict[str, Any]) -> Any:
    wanted = Wanted.parse(asked | {"since": ago(since, app.clock())})
    return browse(app.store, app.reader, wanted, limit=limit)
