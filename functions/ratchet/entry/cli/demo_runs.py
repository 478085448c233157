"""What `ratchet demo --runs` prints: the table, what came of the runs, their card, the alerts."""

from pathlib import Path

from ratchet.entry.cli.card_page import markdown
from ratchet.entry.cli.output import emit, inert, opened, progress, say, table
from ratchet.entry.demo.runs.mapping import COMPONENT, TABLE
from ratchet.entry.demo.runs.replay import RunsShown, tell_runs
from ratchet.entry.demo.runs.trajectory import read_trajectories


def show_runs(file: Path | None, store: str, as_json: bool) -> None:
    """Tell the trajectories of a file, or of the sample data, as runs, and print their card.

    Raises: NotFound, InvalidInput.
    """
    trajectories = read_trajectories(file)
    if not as_json:
        heads, *rows = TABLE
        table(heads, rows)
    with opened(store) as app, progress() as bar:
        task = bar.add_task("telling runs", total=len(trajectories))
        shown = tell_runs(
            app.store, app.keys, trajectories, lambda n, _: bar.update(task, completed=n)
        )
    if as_json:
        emit(shown.summary.to_wire())
    else:
        _tell(shown)


def _tell(shown: RunsShown) -> None:
    s = shown.summary
    say(f"{s.runs} runs of {COMPONENT} in {s.observations} steps over {s.days} simulated days")
    say(f"pass^1 {s.passed:.3f} in the file, {s.pass_rate:.3f} in the sums of the card")
    say(f"{s.tool_errors} tool errors, {s.cost_usd:.2f} US dollars, {s.seconds} s")
    say(f"{s.ops_per_run} store operations a run, all ticks included")
    say("")
    print("\n".join(map(inert, markdown(shown.card))))
    say("")
    say(f"alerts that stand: {s.alerts or 'none'}")
    for alert in shown.alerts:
        say(f"  {alert.severity}  {alert.what} {alert.subject}: {alert.text}")
        say(f"    {alert.command}")
