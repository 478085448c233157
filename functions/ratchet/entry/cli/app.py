"""Every command, and what becomes of an error."""

from collections.abc import Sequence
from typing import Any

import typer

from ratchet.entry.cli import (
    admin,
    alerts,
    approvals,
    backup,
    card,
    datasets,
    demo,
    doctor,
    golden,
    govern,
    heuristics,
    intake,
    judge_weights,
    judges,
    labels,
    labels_aggregate,
    observations,
    observe,
    policy,
    progress,
    replay,
    retain,
    review,
    review_estimate,
    rollout,
    rollout_decide,
    rollout_evidence,
    rollout_watch,
    runs,
    schedules,
    serve,
    study,
    trial,
    verdict,
    view,
)
from ratchet.entry.cli.output import complain
from ratchet.kernel.errors import InvalidInput, RatchetError

# The root of what a command line can be wrong in; typer exports no other name of it.
UsageError: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(
    help="A self-tuning policy loop: record what happened, learn, roll out on evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    demo.demo,
    demo.seed,
    intake.record,
    intake.feedback,
    observe.tick,
    observe.stats,
    observe.series,
    observations.observations,
    observe.sweep,
    observe.rescore,
    card.card,
    progress.progress,
    view.view,
    doctor.doctor,
    serve.serve,
    backup.backup,
    backup.restore,
):
    app.command()(command)
app.command("try")(trial.try_)
app.add_typer(policy.app, name="policy")
for verb in (
    rollout_decide.advance,
    rollout_decide.hold,
    rollout_decide.abort,
    rollout_decide.override,
    rollout_decide.evaluate,
    rollout_evidence.evidence,
    rollout_watch.watch,
):
    rollout.app.command()(verb)
app.add_typer(rollout.app, name="rollout")
app.add_typer(verdict.app, name="verdict")
app.add_typer(replay.app, name="replay")
app.add_typer(approvals.app, name="approvals")
app.add_typer(alerts.app, name="alerts")
for weighing in (judge_weights.weights, judge_weights.history):
    judges.app.command()(weighing)
app.add_typer(judges.app, name="judges")
labels.app.command()(labels_aggregate.aggregate)
app.add_typer(labels.app, name="labels")
review.app.command()(review_estimate.estimate)
app.add_typer(review.app, name="review")
app.add_typer(runs.app, name="run")
app.add_typer(datasets.app, name="dataset")
app.add_typer(golden.app, name="golden")
app.add_typer(heuristics.app, name="heuristics")
app.add_typer(study.app, name="study")
app.add_typer(retain.app, name="retain")
app.add_typer(govern.flags_app, name="flags")
app.add_typer(govern.config_app, name="config")
app.add_typer(govern.audit_app, name="audit")
app.add_typer(schedules.app, name="schedules")
app.add_typer(admin.app, name="admin")


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit status (the table is in `kernel/errors`)."""
    as_json = "--json" in arguments
    try:
        _refuse_both(arguments)
        status = app(args=list(arguments), prog_name="ratchet", standalone_mode=False)
    except RatchetError as error:
        complain(error, as_json)
        return error.exit_code
    except UsageError as error:
        if as_json:
            complain(_usage(error), as_json)
        else:
            error.show()
        return InvalidInput.exit_code
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return status if isinstance(status, int) else 0


def _refuse_both(arguments: Sequence[str]) -> None:
    """Refuse a switch that is asked for both ways: the last would win in silence."""
    for yes, no in (("--enabled", "--disabled"), ("--auto-activate", "--no-auto-activate")):
        if yes in arguments and no in arguments:
            raise InvalidInput(f"{yes} and {no} at once", field=yes, mend="give one of them")


def _usage(error: Any) -> InvalidInput:
    """Return the error of a command line that does not parse."""
    where = getattr(error, "ctx", None)
    mend = f"{where.command_path} --help" if where else "ratchet --help"
    return InvalidInput(error.format_message().strip() or "no command", field="command", mend=mend)
