"""The command that shows what happened to a policy, and what it served when."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import (
    AsJson,
    StoreUrl,
    ago,
    cell,
    emit,
    emit_lines,
    opened,
    say,
    table,
)
from ratchet.govern.audit import AuditEntry
from ratchet.kernel.errors import NotFound
from ratchet.policies.history import history as happened
from ratchet.rollouts.served import Ran, Served, served_at


def history(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="The policy's id.")],
    at: Annotated[
        str | None,
        typer.Option(
            help="What served then: an ISO date in UTC, or a length of time ago like 24h."
        ),
    ] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened to a policy. With --at, what it served then, and on what evidence."""
    with opened(store, making=False) as a:
        moment = ago(at, a.clock(), "at")
        if moment is not None:
            served = served_at(a.store, a.keys, policy, moment)
        else:
            found = happened(a.store, policy)
    if moment is not None:
        _tell_served(served, as_json)
        return
    if not found:
        raise NotFound(
            f"policy {policy} has no history", field="policy", mend="ratchet policy list"
        )
    if as_json:
        emit_lines(entry.to_wire() for entry in found)
        return
    columns = ("when", "who", "what", "version", "from", "to", "why")
    table(columns, [_row(entry) for entry in found], title=policy, below=("why", "who"))


def _row(e: AuditEntry) -> tuple[Any, ...]:
    what = e.action + (" (override)" if e.override else "")
    version, was, to = (name.rpartition("@")[2] for name in (e.id, e.was, e.to))
    return e.ts, e.actor, what, version, was, to, e.reason


def _tell_served(served: Served, as_json: bool) -> None:
    if as_json:
        emit(served.to_wire())
        return
    for line in _lines(served):
        say(line)


def _lines(s: Served) -> Iterator[str]:
    if s.version is None:
        until = f" before {cell(s.until)} UTC" if s.until else ""
        yield f"at {cell(s.at)} UTC {s.policy} served nothing: no version was active{until}"
    else:
        until = f" to {cell(s.until)} UTC" if s.until else " on, and still"
        yield f"at {cell(s.at)} UTC {s.version} was active, from {cell(s.since)} UTC{until}"
        yield f"{s.action} by {s.by} ({s.kind})" + (": OVERRIDE of its gates" if s.override else "")
        if s.skipped:
            yield f"gates left out: {', '.join(s.skipped)}"
        yield f"reason: {s.reason}" if s.reason else "no reason was given"
        yield f"approved by {s.approved_by}" if s.approved_by else "nobody approved it"
        yield from (f"{found.kind} {found.id}: {found.text}" for found in s.evidence)
    yield _rollout(s.rollout) if s.rollout else "no rollout ran"
    yield f"audit chain {'valid' if s.chain_valid else 'BROKEN'}: {s.chain}"


def _rollout(ran: Ran) -> str:
    shares = (f"{arm} {share:.3g} ({ran.versions[arm]})" for arm, share in ran.shares.items())
    what = ran.mode if ran.purpose == "trial" else f"{ran.purpose}, {ran.mode}"
    return f"rollout {ran.id} ran, {what}, step {ran.step + 1}: {', '.join(shares)}"
