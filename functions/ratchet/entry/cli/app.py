"""Every command, and what becomes of an error."""

import json
import sys
from collections.abc import Sequence

import typer

from ratchet.entry.cli import demo, govern, observe, policy
from ratchet.entry.cli.output import ERRORS
from ratchet.kernel.errors import RatchetError

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
    observe.record,
    observe.feedback,
    observe.tick,
    observe.stats,
    observe.series,
    observe.observations,
    observe.sweep,
    observe.rescore,
    govern.alerts,
):
    app.command()(command)
app.add_typer(policy.app, name="policy")
app.add_typer(govern.flags_app, name="flags")
app.add_typer(govern.config_app, name="config")
app.add_typer(govern.audit_app, name="audit")


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit status (the table is in `kernel/errors`)."""
    as_json = "--json" in arguments
    try:
        app(args=list(arguments), prog_name="ratchet")
    except RatchetError as error:
        _tell(error, as_json)
        return error.exit_code
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


def _tell(error: RatchetError, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": error.as_dict()}), file=sys.stderr)
        return
    ERRORS.print(f"{error.code}: {error}", markup=False, highlight=False, soft_wrap=True)
    for item in error.as_dict().get("rejected", [])[:10]:
        line = f"  item {item['index']}: {item['field']}: {item['reason']}"
        ERRORS.print(line, markup=False, highlight=False, soft_wrap=True)
