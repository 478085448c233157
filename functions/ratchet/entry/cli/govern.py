"""Commands about flags, configuration and the audit chain."""

from pathlib import Path
from typing import Annotated

import typer

from ratchet.entry.cli.output import (
    AsJson,
    By,
    Reason,
    StoreUrl,
    actor,
    emit,
    emit_lines,
    flat,
    opened,
    say,
    table,
    warn,
)
from ratchet.entry.cli.whole import missing, require_fields
from ratchet.entry.configs import CONFIGS
from ratchet.entry.files import json_object
from ratchet.govern.audit import (
    AuditEntry,
    audit_log,
    audit_streams,
    require_valid,
    verify_audit,
)
from ratchet.govern.config import load_config
from ratchet.govern.config_change import set_config
from ratchet.govern.flags import Flags, describe, set_flags
from ratchet.govern.verify import verify_all
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.kernel.registry import pick
from ratchet.policies.verify import check_active, require_sound, verify_versions

flags_app = typer.Typer(help="The kill switch.", no_args_is_help=True)
config_app = typer.Typer(help="Configuration documents.", no_args_is_help=True)
audit_app = typer.Typer(help="The audit chain.", no_args_is_help=True)

Stream = Annotated[str | None, typer.Argument(help="A policy's id, or config; all if absent.")]


@flags_app.command("show")
def show_flags(store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show whether the machine may learn."""
    with opened(store, making=False) as a:
        flags = load_config(a.store, Flags, now=a.clock())
    if as_json:
        emit(flags.to_wire())
    else:
        say(describe(flags))


@flags_app.command("set")
def set_flags_(
    reason: Reason,
    enabled: Annotated[bool | None, typer.Option("--enabled/--disabled")] = None,
    auto_activate: Annotated[
        bool | None, typer.Option("--auto-activate/--no-auto-activate")
    ] = None,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Switch learning on or off; off holds within 15 seconds everywhere."""
    if enabled is None and auto_activate is None:
        raise InvalidInput("nothing to set", field="enabled", mend="--enabled or --disabled")
    with opened(store) as a:
        flags = set_flags(
            a.store,
            a.keys,
            actor(by),
            enabled=enabled,
            auto_activate=auto_activate,
            reason=reason,
            now=a.clock(),
        )
    if as_json:
        emit(flags.to_wire())
    else:
        say(describe(flags))


@config_app.command("show")
def show_config(
    name: Annotated[str, typer.Argument(help="One of " + ", ".join(CONFIGS))],
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the configuration in force: the document, or what stands in for it."""
    with opened(store, making=False) as a:
        value = load_config(a.store, pick(CONFIGS, name, field="name"), now=a.clock())
    if as_json:
        emit(value.to_wire())
    else:
        table(("field", f"config/{name}"), flat(value.to_map()))


@config_app.command("set")
def set_config_(
    name: Annotated[str, typer.Argument(help="One of " + ", ".join(CONFIGS))],
    file: Annotated[
        Path, typer.Argument(help="The whole document as JSON, as `config show --json` prints it.")
    ],
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Replace a configuration document by one that parses strictly; what it leaves out is reset.

    `ratchet config show NAME` shows every field, as it is now or by default.
    """
    kind = pick(CONFIGS, name, field="name")
    data = json_object(file, "file")
    require_fields(kind, data)
    with opened(store) as a:
        value = set_config(a.store, a.keys, actor(by), kind, data, reason=reason, now=a.clock())
        notes = list(missing(a.store, value))
    if as_json:
        emit(value.to_wire())
    else:
        say(f"config/{name} is set, and in force is")
        table(("field", f"config/{name}"), flat(value.to_map()))
    for note in notes:
        warn(note)


@audit_app.command("log")
def log(
    stream: Stream = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show who changed what, when and why."""
    with opened(store, making=False) as a:
        streams = [stream] if stream else audit_streams(a.store)
        entries = [entry for name in streams for entry in audit_log(a.store, name)]
    if stream and not entries:
        raise _no_stream(stream)
    shown = sorted(entries, key=lambda e: (e.ts, e.key()))[-limit:]
    if as_json:
        emit_lines(entry.to_wire() for entry in shown)
        return
    rows = [(e.ts, e.actor, e.action, e.id, _change(e), e.reason) for e in shown]
    table(("when", "who", "what", "on", "from -> to", "why"), rows)


def _change(entry: AuditEntry) -> str:
    """Return what was and what is; a version without its policy, which stands beside it."""
    was, to = (text.removeprefix(f"{entry.stream}@") for text in (entry.was, entry.to))
    return f"{was} -> {to}".strip() if was or to else ""


@audit_app.command()
def verify(stream: Stream = None, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Verify the chain and what is active; what is wrong is named, and the status is not 0."""
    with opened(store, making=False) as a:
        if stream:
            reports = [verify_audit(a.store, a.keys, stream)]
            if reports[0].valid and not reports[0].entries:
                raise _no_stream(stream)
            versions = check_active(a.store, a.keys, stream)
        else:
            reports = verify_all(a.store, a.keys, now=a.clock())
            versions = verify_versions(a.store, a.keys, now=a.clock())
    spoilt = [version for version in versions if not version.valid]
    if as_json:
        emit_lines(x.to_wire() for x in (*reports, *spoilt))
    else:
        for report in reports:
            say(f"{report.stream}: {'valid' if report.valid else 'BROKEN'}: {report.text}")
        for version in spoilt:
            say(f"{version.version}: SPOILT: {version.text} ({version.mend})")
    for report in reports:
        require_valid(report)
    for version in spoilt:
        require_sound(version)


def _no_stream(stream: str) -> NotFound:
    return NotFound(f"there is no chain {stream}", field="stream", mend="ratchet audit log")
