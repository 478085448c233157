"""Commands about policies."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ratchet.entry.cli.learned import note_of, withdrawn_behind
from ratchet.entry.cli.output import (
    AsJson,
    By,
    Reason,
    StoreUrl,
    actor,
    cell,
    emit,
    emit_lines,
    flat,
    opened,
    say,
    table,
)
from ratchet.entry.cli.policy_history import history
from ratchet.entry.cli.rollout import note_rollout
from ratchet.entry.files import json_object
from ratchet.entry.wiring import App
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.policies import activate as changes
from ratchet.policies import history as past
from ratchet.policies.bindings import Bindings, bound
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import propose as propose_version
from ratchet.policies.resolve import resolve as resolve_policy
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.resolve import resolve as version_to_run

app = typer.Typer(help="Show and change policies.", no_args_is_help=True)

PolicyId = Annotated[str, typer.Argument(metavar="POLICY", help="The policy's id.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="Like 1.0.1.")]


@app.command("list")
def list_(
    policy: Annotated[str | None, typer.Argument(help="Only this one, by version.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the policies, or the versions of one."""
    with opened(store, making=False) as opened_app:
        heads = past.list_heads(opened_app.store)
        versions = past.list_versions(opened_app.store, policy) if policy else []
    if policy and policy not in {head.id for head in heads}:
        raise NotFound(
            f"policy {policy} does not exist", field="policy", mend="ratchet policy list"
        )
    if as_json:
        emit_lines(x.to_wire() for x in (versions if policy else heads))
    elif policy:
        fields = ("version", "status", "class", "parent", "by", "created", "notes")
        table(fields, [_version_row(v) for v in versions], title=policy)
    else:
        columns = ("policy", "active", "previous", "drafts", "audit entries")
        table(columns, [_head_row(head) for head in heads])


def _version_row(v: PolicyVersion) -> tuple[Any, ...]:
    said = v.notes or "; ".join(v.proposal.reasons[:2] if v.proposal else ())
    parent = v.parent.partition("@")[2] if v.parent else None
    return v.version, v.status, v.change_class, parent, v.created_by, v.created_at, said


def _head_row(head: PolicyHead) -> tuple[Any, ...]:
    return head.id, head.active, head.previous, ", ".join(head.drafts), head.audit_sequence


@app.command()
def show(
    policy: PolicyId,
    version: Annotated[str | None, typer.Argument(help="The active one if absent.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show one version, with its signature checked."""
    with opened(store, making=False) as a:
        wanted = version or resolve_policy(a.store, a.keys, policy).version.partition("@")[2]
        found = past.get_version(a.store, a.keys, policy, wanted)
        gone = withdrawn_behind(a.store, found.key())
    if as_json:
        emit(found.to_wire() | ({"withdrawnLabels": gone} if gone else {}))
        return
    table(("field", found.key()), flat(found.to_map()))
    if gone:
        say(note_of(found.key(), gone))


@app.command()
def resolve(
    policy: Annotated[str | None, typer.Argument(help="The policy's id.")] = None,
    component: Annotated[str | None, typer.Option(help="Who asks, if no policy is named.")] = None,
    phase: Annotated[str | None, typer.Option(help="The phase of its work.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show what a component gets: the active version of a policy, or of the one bound to it."""
    if (policy is None) == (component is None):
        raise InvalidInput(
            "name a policy or a component, and not both",
            field="policy",
            mend="ratchet policy resolve POLICY, or --component NAME",
        )
    if phase is not None and component is None:
        raise InvalidInput("a phase is a component's", field="phase", mend="name --component, too")
    with opened(store, making=False) as a:
        wanted = policy or bound(a.reader.read(Bindings), str(component), phase)
        answer = version_to_run(a.store, a.keys, wanted, now=a.clock())
    if as_json:
        emit(answer.to_wire())
    else:
        rows = [("version", answer.version), *flat(answer.params), ("etag", answer.etag)]
        rollout = [("rollout", answer.rollout.id)] if answer.rollout else []
        table(("param", answer.policy), rows + rollout)


@app.command()
def diff(
    policy: PolicyId, one: Version, other: Version, store: StoreUrl = None, as_json: AsJson = False
) -> None:
    """Show what differs between two versions."""
    with opened(store, making=False) as a:
        found = past.differences(
            past.get_version(a.store, a.keys, policy, one),
            past.get_version(a.store, a.keys, policy, other),
        )
    if as_json:
        emit_lines(d.model_dump() for d in found)
    else:
        table(("field", one, other), [(d.field, cell(d.was), cell(d.now)) for d in found])


@app.command()
def propose(
    policy: PolicyId,
    params: Annotated[Path, typer.Option(help="A JSON file of params; absent ones stay.")],
    reason: Reason,
    space: Annotated[Path | None, typer.Option(help="A JSON file of the tuning space.")] = None,
    version: Annotated[str | None, typer.Option(help="The number; else the next patch.")] = None,
    notes: str = "",
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write a draft; its parent is the active version."""
    with opened(store) as a:
        new = propose_version(
            a.store,
            a.keys,
            actor(by),
            policy,
            json_object(params, "params"),
            now=a.clock(),
            partial=True,
            tuning_space=json_object(space, "space") if space else None,
            version=version,
            notes=notes,
            reason=reason,
        )
    if as_json:
        emit(new.to_wire())
    else:
        say(f"{new.key()} is a draft of class {new.change_class}")


@app.command()
def activate(
    policy: PolicyId,
    version: Version,
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a version the active one."""
    with opened(store) as a:
        now = a.clock()
        head = changes.activate(a.store, a.keys, actor(by), policy, version, now=now, reason=reason)
        _tell(a, head, now, as_json)


@app.command()
def rollback(
    policy: PolicyId,
    version: Annotated[str | None, typer.Argument(help="The previous one if absent.")] = None,
    reason: Annotated[str, typer.Option(help="Why; may be left out.")] = "",
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Go back to a version that was active before; works with learning off."""
    with opened(store) as a:
        now = a.clock()
        head = changes.rollback(
            a.store, a.keys, actor(by), policy, version=version, now=now, reason=reason
        )
        _tell(a, head, now, as_json)


@app.command()
def reject(
    policy: PolicyId,
    version: Version,
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Close a draft for good."""
    with opened(store) as a:
        head = changes.reject(
            a.store, a.keys, actor(by), policy, version, now=a.clock(), reason=reason
        )
    if as_json:
        emit(head.to_wire())
    else:
        say(f"{policy}@{version} is rejected")


def _tell(a: App, head: PolicyHead, now: datetime, as_json: bool) -> None:
    if as_json:
        emit(head.to_wire())
    else:
        say(f"{head.id}: {head.active} is active, {head.previous or 'nothing'} was before")
    note_rollout(a, head, now)


app.command()(history)
