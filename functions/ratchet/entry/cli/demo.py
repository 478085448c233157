"""Commands that seed a store and show the loop at work."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ratchet.entry.cli.demo_runs import show_runs
from ratchet.entry.cli.output import (
    CONSOLE,
    AsJson,
    StoreUrl,
    emit,
    opened,
    progress,
    say,
    table,
)
from ratchet.entry.demo.gates import GateOptions, run_gates, stamp
from ratchet.entry.demo.plot import demo_chart
from ratchet.entry.demo.run import Options, Run, run_demo
from ratchet.entry.demo.world import DriftingModels, World, load_table
from ratchet.entry.files import json_object, write_text
from ratchet.entry.seed import seed as seed_store
from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.gate_rules import Gates


def seed(
    folder: Annotated[Path | None, typer.Option(help="Seeds of your own.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Load the first documents; what is there already is never touched."""
    with opened(store) as app:
        report = seed_store(app, now=app.clock(), folder=folder)
    if as_json:
        emit(report.to_wire())
        return
    for name in report.written:
        say(f"written  {name}")
    for name in report.kept:
        say(f"kept     {name}")
    for note in report.notes:
        say(f"note     {note}")


def demo(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="With --runs: trajectories, JSON lines, or .gz."),
    ] = None,
    runs: Annotated[
        bool, typer.Option("--runs", help="An agent's trajectories as runs, and their card.")
    ] = False,
    gates: Annotated[
        bool, typer.Option("--gates", help="Versions on their road: gates, verdicts, approvals.")
    ] = False,
    rules: Annotated[
        Path | None, typer.Option(help="With --gates: a config/gates of your own, JSON.")
    ] = None,
    outcomes: Annotated[
        Path | None, typer.Option(help="An outcome table, .csv or .csv.gz.")
    ] = None,
    requests: Annotated[
        int | None, typer.Option(help="How many requests.", show_default="20000")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same run.")] = 1,
    rate: Annotated[
        float | None,
        typer.Option(help="Requests a second, simulated.", show_default="1; 0.04 with --gates"),
    ] = None,
    tune_minutes: Annotated[
        int | None, typer.Option(help="Minutes between tunings.", show_default="30")
    ] = None,
    floor: Annotated[
        float | None, typer.Option(help="Least weight of an arm.", show_default="0.01")
    ] = None,
    cap: Annotated[
        float | None, typer.Option(help="Greatest weight of an arm.", show_default="1")
    ] = None,
    max_step: Annotated[
        float | None,
        typer.Option(help="Greatest change of one arm's weight.", show_default="0.2"),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Write an SVG chart.")] = None,
    store: Annotated[str, typer.Option(help="Where it is kept; see README.")] = "memory:",
    as_json: AsJson = False,
) -> None:
    """Watch a policy learn, versions pass gates, or runs make a card, on a simulated clock."""
    learning = {
        "requests": requests,
        "tuneMinutes": tune_minutes,
        "floor": floor,
        "cap": cap,
        "maxStep": max_step,
        "plot": plot,
    }
    given = {name: value for name, value in learning.items() if value is not None}
    if runs:
        others = {"gates": gates, "rules": rules, "outcomes": outcomes, "rate": rate}
        _refuse({k: v for k, v in others.items() if v} | given, "--runs goes without")
        show_runs(file, store, as_json)
        return
    _refuse({"file": file} if file else {}, "without --runs there is no")
    pace = {"seed": seed} | ({} if rate is None else {"rate": rate})
    if gates:
        _refuse(given, "--gates goes without")
        own = Gates.parse(json_object(rules, "rules")) if rules else None
        _pass_gates(outcomes, GateOptions.parse(pace), own, store, as_json)
        return
    _refuse({"rules": rules} if rules else {}, "without --gates there is no")
    given.pop("plot", None)
    _learn(outcomes, Options.parse(given | pace), plot, store, as_json)


def _refuse(given: Mapping[str, object], why: str) -> None:
    """Refuse what the other demo takes.

    Raises: InvalidInput.
    """
    for name in given:
        raise InvalidInput(f"{why} {name}", field=name, mend="leave it out")


def _learn(
    outcomes: Path | None, options: Options, plot: Path | None, store: str, as_json: bool
) -> None:
    world = _world(outcomes)
    with progress() as bar:
        task = bar.add_task("serving", total=options.requests)

        def show(served: int, reward: float, version: str) -> None:
            bar.update(task, completed=served, description=f"serving, reward {reward:.3f}")
            if version and not as_json:
                say(f"after {served:>6} requests  {version} goes live  (reward {reward:.3f})")

        with opened(store) as app:
            run = run_demo(app.store, app.keys, world, options, show)
    if as_json:
        emit(run.summary.to_wire())
    else:
        _tell(run)
    if plot:
        write_text(plot, demo_chart(run), "plot")


def _pass_gates(
    outcomes: Path | None, options: GateOptions, rules: Gates | None, store: str, as_json: bool
) -> None:
    def show(at: datetime, text: str) -> None:
        if not as_json:
            say(f"{stamp(at)}  {text}")

    world = _world(outcomes)
    with opened(store) as app:
        run = run_gates(app.store, app.keys, world, options, show, rules=rules)
    if as_json:
        emit(run.summary.to_wire())
        return
    for line in run.in_words():
        say(line)


def _world(outcomes: Path | None) -> World:
    return load_table(outcomes) if outcomes else DriftingModels()


def _tell(run: Run) -> None:
    for version in run.versions[1:]:
        said = version.proposal
        gain = f", expected gain {said.expected_gain:+.4f}" if said and said.expected_gain else ""
        CONSOLE.print(f"\n{version.version} ({version.change_class}{gain})", highlight=False)
        for reason in said.reasons if said else ():
            say(f"  {reason}")
    names = ("first", "second", "third", "fourth", "last")
    rows = [
        (f"{name} fifth", f.reward, f.success, f.p95_latency, f.cost_usd)
        for name, f in zip(names, run.fifths, strict=True)
    ]
    say("")
    table(("", "reward", "success", "p95 ms", "cost $"), [rows[0], rows[-1]])
    s = run.summary
    say(f"reward {s.reward_first:.3f} -> {s.reward_last:.3f};")
    say(f"uniform weights {s.reward_uniform:.3f}, the best arm alone {s.reward_best_arm:.3f}")
    say(f"{s.scored} of {s.requests} scored, {s.versions} versions, {s.activations} went live,")
    say(f"{s.ops_per_observation} store operations an observation, {s.seconds} s")
    say(f"audit chain {'valid' if s.audit_valid else 'BROKEN'}")
