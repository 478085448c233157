"""Commands about alerts: what stands, who sees to it, and whether the sinks are reached."""

from datetime import datetime
from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import (
    AsJson,
    By,
    StoreUrl,
    actor,
    cell,
    emit,
    emit_lines,
    flat,
    opened,
    say,
    table,
    tell_spoiled,
)
from ratchet.entry.outlets import outlets
from ratchet.govern.alerts.alert import SEVERITIES, Alert, Severity, alert
from ratchet.govern.alerts.answer import ack_alert, resolve_alert
from ratchet.govern.alerts.read import list_alerts, read_alert
from ratchet.govern.alerts.settings import AlertSettings
from ratchet.govern.config import load_config
from ratchet.govern.deliver import tell_sink
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.kernel.registry import pick

app = typer.Typer(help="What is wrong, and who sees to it.", invoke_without_command=True)

AlertId = Annotated[
    str, typer.Argument(metavar="ALERT", help="Its id, or what~subject, as they are listed.")
]


@app.callback()
def stand(context: typer.Context, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show what is wrong, newest first, with the command that mends it."""
    if context.invoked_subcommand is None:
        _list(store, as_json, everything=False, severity=None)
        return
    for name in ("store", "as_json"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise InvalidInput(
                "an option stands before the command",
                field=name,
                mend=f"put it behind `{context.invoked_subcommand}`",
            )


@app.command("list")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    severity: Annotated[str | None, typer.Option(help=", ".join(SEVERITIES))] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the alerts that stand, newest first."""
    if severity is not None and severity not in SEVERITIES:
        raise InvalidInput(
            f"{severity!r} is no severity", field="severity", mend="one of " + ", ".join(SEVERITIES)
        )
    _list(store, as_json, everything=all_, severity=severity)


def _list(store: str | None, as_json: bool, *, everything: bool, severity: str | None) -> None:
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        found = list_alerts(a.store, everything=everything, tell=spoiled.append)
    shown = [x for x in found if severity in (None, x.severity)]
    if as_json:
        emit_lines(x.to_wire() for x in shown)
    else:
        columns = ("severity", "state", "last seen", "times", "alert", "what", "mend")
        table(columns, [_row(x) for x in shown], below=("mend", "what", "alert"))
    tell_spoiled(spoiled, as_json)


def _row(x: Alert) -> tuple[Any, ...]:
    return x.severity, x.state, x.last_seen, x.count, x.key(), x.text, x.command


@app.command()
def show(named: AlertId, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show one alert: its evidence, its life, and which sinks were told."""
    with opened(store, making=False) as a:
        found = read_alert(a.store, named)
    if as_json:
        emit(found.to_wire())
        return
    table(("field", found.key()), flat(found.to_map()))


@app.command()
def ack(
    named: AlertId,
    note: Annotated[str, typer.Option("--note", help="Who does what; on the audit chain.")],
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say that somebody sees to it; it goes on counting, and opens again when it is worse."""
    with opened(store) as a:
        found = ack_alert(a.store, a.keys, actor(by), named, note=note, now=a.clock())
    _tell(found, as_json)


@app.command()
def resolve(
    named: AlertId,
    reason: Annotated[str, typer.Option("--reason", help="Why it is over; on the audit chain.")],
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say that it is over; if it comes back it is another episode, and is told again."""
    with opened(store) as a:
        found = resolve_alert(a.store, a.keys, actor(by), named, reason=reason, now=a.clock())
    _tell(found, as_json)


@app.command("test-sink")
def try_sink(
    name: Annotated[str, typer.Argument(metavar="SINK", help="A sink of config/alerts.")],
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Tell one sink of a test, from here and now; nothing is kept."""
    with opened(store, making=False) as a:
        settings = load_config(a.store, AlertSettings, now=a.clock())
        now = a.clock()
    spec = pick(settings.sinks, name, field="sink")
    tell_sink(name, spec, _test(name, now), outlets())
    if as_json:
        emit({"sink": name, "told": True})
    else:
        say(f"{name} took it")


def _test(name: str, now: datetime) -> Alert:
    severity: Severity = "info"
    text = f"a test of the sink {name}; nothing is wrong"
    stamped = f"{name}-{now:%Y%m%dT%H%M%S}"  # a test is not taken for the one before
    return alert("sink-test", stamped, severity, text, now=now, command="ratchet alerts")


def _tell(x: Alert, as_json: bool) -> None:
    if as_json:
        emit(x.to_wire())
        return
    answer = x.resolved if x.is_over else x.acknowledged
    at = f" by {answer.by} at {cell(answer.at)} UTC" if answer else ""
    say(f"{x.key()} is {x.state}{at}")
