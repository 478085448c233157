"""Commands that seed a store and show the loop at work."""

from pathlib import Path
from typing import Annotated

import typer

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
from ratchet.entry.demo.plot import demo_chart
from ratchet.entry.demo.run import Options, Run, run_demo
from ratchet.entry.demo.world import DriftingModels, load_table
from ratchet.entry.files import write_text
from ratchet.entry.seed import seed as seed_store


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
    outcomes: Annotated[
        Path | None, typer.Option(help="An outcome table, .csv or .csv.gz.")
    ] = None,
    requests: Annotated[int, typer.Option(help="How many requests.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Same seed, same run.")] = 1,
    rate: Annotated[float, typer.Option(help="Requests a second, simulated.")] = 1.0,
    tune_minutes: Annotated[int, typer.Option(help="Minutes between tunings.")] = 30,
    floor: Annotated[float, typer.Option(help="Least weight of an arm.")] = 0.01,
    cap: Annotated[float, typer.Option(help="Greatest weight of an arm.")] = 1.0,
    max_step: Annotated[float, typer.Option(help="Greatest change of one arm's weight.")] = 0.2,
    plot: Annotated[Path | None, typer.Option(help="Write an SVG chart.")] = None,
    store: Annotated[str, typer.Option(help="Where it is kept; see README.")] = "memory:",
    as_json: AsJson = False,
) -> None:
    """Watch a policy learn from real or simulated traffic, on a simulated clock."""
    world = load_table(outcomes) if outcomes else DriftingModels()
    options = Options.parse(
        {
            "requests": requests,
            "seed": seed,
            "rate": rate,
            "tuneMinutes": tune_minutes,
            "floor": floor,
            "cap": cap,
            "maxStep": max_step,
        }
    )
    with progress() as bar:
        task = bar.add_task("serving", total=requests)

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
