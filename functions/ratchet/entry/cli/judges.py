"""Commands about judges: who judges, what it says of what an agent did, and what others said."""

from typing import Annotated, Any

import typer

from ratchet.entry.cli.intake import Source, read_items, send_items
from ratchet.entry.cli.output import (
    AsJson,
    StoreUrl,
    ago,
    emit,
    emit_lines,
    flat,
    opened,
    say,
    table,
)
from ratchet.entry.cli.trial_words import counted
from ratchet.entry.wiring import App
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.errors import NotFound, Unavailable
from ratchet.labels.judge_subjects import JudgeRun, judge_subjects
from ratchet.labels.judges.budget import spent_today
from ratchet.labels.record_judgements import FIELD, record_judgements
from ratchet.labels.settings import JudgeSettings, JudgeSpec

app = typer.Typer(help="Who judges what agents do, and what they say.", no_args_is_help=True)

JudgeName = Annotated[str, typer.Argument(metavar="JUDGE", help="Its name in config/judges.")]
COLUMNS = ("judge", "kind", "version", "family", "agents", "spent today $")


@app.command("list")
def list_(store: StoreUrl = None, as_json: AsJson = False) -> None:
    """List the judges that config/judges has; any other may send judgements, too."""
    with opened(store, making=False) as a:
        judges = a.reader.read(JudgeSettings).judges
        shown = [_shown(a, name, spec) for name, spec in sorted(judges.items())]
    if as_json:
        emit_lines(shown)
        return
    rows = [
        (j["judge"], j["kind"], j["version"], j["family"], ", ".join(j["agents"]), j["spentToday"])
        for j in shown
    ]
    table(COLUMNS, rows, below=("agents",))


@app.command()
def show(judge: JudgeName, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show one judge: its settings, and what it spent today."""
    with opened(store, making=False) as a:
        spec = a.reader.read(JudgeSettings).judges.get(judge)
        if spec is None:
            raise NotFound(
                f"config/judges lists no judge {judge}", field="judge", mend="ratchet judges list"
            )
        shown = _shown(a, judge, spec)
    if as_json:
        emit(shown)
    else:
        table(("field", "judge"), flat(shown))


def _shown(a: App, name: str, spec: JudgeSpec) -> dict[str, Any]:
    spent = spent_today(a.store, name, now=a.clock())
    return {"judge": name} | spec.to_wire() | {"spentToday": spent}


@app.command()
def run(
    judge: JudgeName,
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="Whose observations.")],
    since: Annotated[str, typer.Option(help="How far back: 90s, 15m, 24h, 7d, a date.")] = "24h",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 100,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Let a judge judge what an agent did, and it has not judged yet."""
    with opened(store) as a:
        start = ago(since, a.clock()) or EPOCH
        found = judge_subjects(
            a.store, a.reader, judge=judge, agent=agent, clock=a.clock, since=start, limit=limit
        )
    if as_json:
        emit(found.to_wire())
    else:
        for line in _told(found):
            say(line)
    if found.failed and not found.judged:
        raise Unavailable(
            f"{judge} was asked about {counted(found.failed, 'observation')}, and said of none what"
            " was asked for",
            field="judge",
            mend="mend what the reasons name",
        )


@app.command()
def record(source: Source, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Take judgements: {"judge", "family", "agent", "subject", "label" or "score", ...}.

    The same file twice counts once.
    """
    file = read_items(source, FIELD)
    with opened(store) as a:

        def send(chunk: list[Any], number: int) -> dict[str, Any]:
            return record_judgements(a.store, a.reader, chunk, now=a.clock()).to_wire()

        send_items(file.items, send, as_json, "judgements taken")


def _told(run: JudgeRun) -> list[str]:
    """Return what came of a run, in lines."""
    lines = [
        f"{run.judge} judged {counted(run.judged, 'observation')} of {run.agent} for"
        f" ${run.cost_usd:.4g}: {run.graded} graded anew, {run.unsaid} not its to judge,"
        f" {run.failed} failed"
    ]
    if run.guessed:
        lines.append(
            f"of {run.guessed} the server told no usage: a token is reckoned at 3 bytes of text"
        )
    if run.swapped:
        lines.append(f"of {run.swapped} pairs another won in the other order")
    lines += [f"  {counted(n, 'time')}: {why}" for why, n in run.reasons.items()]
    return [*lines, f"stopped: {run.stopped}"] if run.stopped else lines
