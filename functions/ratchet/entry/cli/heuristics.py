"""Commands about heuristics: what an agent's model looks at, training it, and what it says."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ratchet.entry.cli.learned import note_of, withdrawn_behind
from ratchet.entry.cli.output import (
    AsJson,
    By,
    StoreUrl,
    actor,
    emit,
    emit_lines,
    opened,
    say,
    table,
    warn,
)
from ratchet.entry.cli.trial_words import tell_paragraph
from ratchet.entry.files import json_object, write_text
from ratchet.entry.wiring import App
from ratchet.kernel.canonical import canonical
from ratchet.labels.heuristics import draft as drafts
from ratchet.labels.heuristics.feature import Features
from ratchet.labels.heuristics.say import Said, said_of
from ratchet.labels.heuristics.shipped import SHIPPED
from ratchet.labels.heuristics.train import Trained, train, wanted_of
from ratchet.policies.heuristic import Heuristic, heuristic_of
from ratchet.policies.resolve import resolve
from ratchet.runs.studies.train_study import train_by_study

app = typer.Typer(help="Small models trained on labels.", no_args_is_help=True)

Agent = Annotated[str, typer.Argument(metavar="AGENT", help="Its name in config/heuristics.")]
Why = Annotated[str, typer.Option("--reason", help="Why, in one line, for a draft.")]


@app.command()
def features(
    agent: Annotated[
        str | None, typer.Argument(metavar="AGENT", help="The shipped sets if absent.")
    ] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the features that an agent's model looks at, or the sets that are shipped."""
    sets: dict[str, Features] = dict(SHIPPED)
    if agent is not None:
        with opened(store, making=False) as a:
            sets = {agent: wanted_of(a.reader, agent).specs}
    rows = [
        (name, feature, spec) for name, specs in sets.items() for feature, spec in specs.items()
    ]
    if as_json:
        emit_lines({"set": name, "feature": f, **spec.to_wire()} for name, f, spec in rows)
        return
    columns = ("set", "feature", "kind", "columns", "from", "what it is")
    table(columns, [(n, f, s.kind, s.width, s.at, s.about) for n, f, s in rows])


@app.command("train")
def train_(
    agent: Agent,
    draft: Annotated[bool, typer.Option("--draft", help="Propose it as a version.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the model there, as JSON.")] = None,
    reason: Why = "",
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Train an agent's model on its labels, and tell what it promises; a draft is a study's."""
    studied = None
    with opened(store, making=draft) as a:
        if draft:
            studied = train_by_study(
                a.store, a.keys, a.reader, agent, actor=actor(by), reason=reason, clock=a.clock
            )
        trained = studied.trained if studied else train(a.store, a.reader, agent, now=a.clock())
    if out is not None:
        write_text(out, canonical(trained.heuristic.plain()).decode() + "\n", "out")
    if as_json:
        made = {"draft": studied.drafted.to_wire(), "study": studied.study.id} if studied else {}
        emit(trained.to_wire() | made)
        return
    _tell(trained)
    if studied is not None:
        say(f"study {studied.study.id} {studied.study.state}")
        _tell_draft(studied.drafted)


@app.command()
def show(agent: Agent, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show the model that is active for an agent."""
    with opened(store, making=False) as a:
        version, heuristic = _active(a, agent)
        gone = withdrawn_behind(a.store, version)
    if as_json:
        told = {"version": version, "heuristic": heuristic.plain()}
        emit(told | ({"withdrawnLabels": gone} if gone else {}))
        return
    rows = [
        (name, s.model.kind, s.model.numbers, s.slope, s.offset, heuristic.arms.get(name))
        for name, s in heuristic.scorers.items()
    ]
    say(f"{version} decides {' or '.join(heuristic.decisions)}")
    if not heuristic.arms:
        say(f"{heuristic.positive} from {heuristic.threshold:.4g} on")
    table(("scores", "model", "numbers", "slope", "offset", "cost"), rows)
    if gone:
        say(note_of(version, gone))


@app.command()
def score(
    agent: Agent,
    features: Annotated[Path, typer.Option(help="A JSON file of features by name.")],
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say what the active model decides of some features, and what each adds to it."""
    with opened(store, making=False) as a:
        version, heuristic = _active(a, agent)
    said = said_of(heuristic, json_object(features, "features"))
    if as_json:
        emit({"version": version, **said.to_wire()})
        return
    say(f"{version} decides {said.decision}")
    table(
        ("scores", "probability", "from", "because of"), [_row(said, name) for name in said.values]
    )


@app.command()
def upload(
    agent: Agent,
    model: Annotated[Path, typer.Argument(help="A JSON file that `train --out` wrote.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in one line.")],
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Propose a model that was trained elsewhere, if it takes the agent's features."""
    data = json_object(model, "model")
    with opened(store) as a:
        drafted = drafts.upload_heuristic(
            a.store, a.keys, a.reader, agent, data, actor=actor(by), reason=reason, now=a.clock()
        )
    if as_json:
        emit(drafted.to_wire())
    else:
        _tell_draft(drafted)


def _active(a: App, agent: str) -> tuple[str, Heuristic]:
    answer = resolve(a.store, a.keys, wanted_of(a.reader, agent).policy)
    return answer.version, heuristic_of(answer.params, answer.version)


def _tell(trained: Trained) -> None:
    columns = (
        "scores",
        "labels",
        "model",
        "log loss",
        "by share",
        "Brier",
        "AUC",
        "cost",
        "one answer",
    )
    rows: list[Any] = [
        (
            n,
            r.labels,
            r.model,
            r.log_loss,
            r.baseline_log_loss,
            r.brier,
            r.auc,
            r.cost,
            r.baseline_cost,
        )
        for n, r in trained.reports.items()
    ]
    table(columns, rows, below=("model",))
    for name, report in trained.reports.items():
        leading = [f"{k} {v:.0%}" for k, v in report.importances.items() if v >= 0.005]
        say(f"{name} looks at {', '.join(leading) or 'nothing'}")
    if had := [f"{name} ({share:.0%})" for name, share in trained.seen.items() if share < 1]:
        tell_paragraph(f"not all labelled subjects have {', '.join(had)}")
    for name in (name for name, share in trained.seen.items() if not share):
        at = trained.heuristic.features[name].at
        warn(f"no labelled subject has {at}: {name} tells nothing apart; mend its path or drop it")
    for why, count in trained.left_out.items():
        say(f"left out: {count} labelled subjects, whose {why}")


def _tell_draft(drafted: drafts.Drafted) -> None:
    say(f"{drafted.version} is a draft" if drafted.new else f"{drafted.version} says the same")


def _row(said: Said, name: str) -> tuple[Any, ...]:
    parts = sorted(said.contributions[name].items(), key=lambda part: -abs(part[1]))
    why = ", ".join(f"{k} {v:+.3g}" for k, v in parts if v)
    return name, said.values[name], f"{said.bases[name]:+.3g}", why
