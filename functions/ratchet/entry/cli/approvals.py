"""Commands about approvals: who is asked for a yes, and who gave it."""

from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import (
    AsJson,
    By,
    Reason,
    StoreUrl,
    actor,
    cell,
    emit,
    emit_lines,
    opened,
    say,
    table,
    tell_spoiled,
)
from ratchet.entry.cli.rollout import told_head
from ratchet.kernel.errors import RatchetError
from ratchet.policies.head import PolicyHead
from ratchet.rollouts import approve as verbs
from ratchet.rollouts.approval import Approval
from ratchet.rollouts.ask_approval import ask_approval
from ratchet.store.port import Ref

app = typer.Typer(help="A person's yes or no to one named change.", no_args_is_help=True)

ApprovalId = Annotated[str, typer.Argument(metavar="APPROVAL", help="The approval's id.")]


@app.command("list")
def list_(
    policy: Annotated[str | None, typer.Option(help="Only this policy's.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Those decided about, too.")] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the approvals that wait, oldest first."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        found = verbs.list_approvals(a.store, a.keys, policy, tell=spoiled.append)
        shown = [x for x in found if all_ or x.is_open(a.clock())]
    if as_json:
        emit_lines(approval.to_wire() for approval in shown)
        tell_spoiled(spoiled, as_json)
        return
    columns = ("approval", "state", "version", "instead of", "asked by", "until", "by", "why")
    table(columns, [_row(approval) for approval in shown], below=("why", "by", "asked by"))
    tell_spoiled(spoiled, as_json)


def _row(x: Approval) -> tuple[Any, ...]:
    champion = x.champion.partition("@")[2]
    why = x.decided_reason or x.reason
    return x.id, x.state, x.version, champion, x.requester, x.expires_at, x.decided_by, why


@app.command()
def approve(
    approval: ApprovalId,
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say yes: what was asked for is done at once. Whoever took part in it cannot."""
    with opened(store) as a:
        found = verbs.approve(
            a.store, a.keys, a.reader, actor(by), approval, reason=reason, now=a.clock()
        )
        stored = a.store.get(Ref(PolicyHead.collection, found.policy))
    _tell(found, as_json)
    if stored is not None and not as_json:
        say(told_head(PolicyHead.from_store(stored.data)))


@app.command()
def reject(
    approval: ApprovalId,
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say no: the version is rejected. Its rollout ends, and the active version stays."""
    with opened(store) as a:
        found = verbs.reject_approval(
            a.store, a.keys, actor(by), approval, reason=reason, now=a.clock()
        )
    _tell(found, as_json)


@app.command()
def ask(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="The policy's id.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A draft, like 1.0.1.")],
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a yes to a draft without a rollout. Gates that it has not passed are overridden."""
    with opened(store) as a:
        found = ask_approval(
            a.store, a.keys, a.reader, actor(by), policy, version, reason=reason, now=a.clock()
        )
    _tell(found, as_json)


def _tell(x: Approval, as_json: bool) -> None:
    if as_json:
        emit(x.to_wire())
    elif x.state == "pending":
        until = f"until {cell(x.expires_at)} UTC"
        say(f"{x.id} waits for somebody else's yes to {x.version}, {until}")
    else:
        say(f"{x.id} is {x.state}: {x.version}")
