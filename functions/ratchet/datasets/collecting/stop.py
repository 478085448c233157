"""Stop: a source with too many malformed traces waits for a person, and loses none of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from ratchet.datasets.collecting.gather import GATHERERS
from ratchet.datasets.collecting.keep import Kept
from ratchet.datasets.collecting.trace import DeadSample
from ratchet.govern.alerts import alert, clear_alert, raise_alert
from ratchet.govern.audit import link
from ratchet.govern.chain_heads import config_head
from ratchet.govern.config import CHECKPOINTS
from ratchet.govern.roles import Actor, machine, require_admin, require_reason
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Document, Instant, Listed
from ratchet.kernel.errors import IllegalTransition, InvalidInput, SourceStopped
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.kernel.registry import pick
from ratchet.store.port import Ref, Snapshot, Store
from ratchet.store.transact import Transaction

JOB = machine("collect_examples")
STOPPED = "dataset-source-stopped"
State = Literal["running", "stopped", "resumed"]


class SourceState(Document):
    """`ops_checkpoints/collect~source`: whether a source is collected, who says so and why.

    Of one that is `resumed` the next batch that would stop it is taken as it is. `samples` are up
    to ten of the traces that stopped it.
    """

    collection: ClassVar[str] = CHECKPOINTS

    source: str
    state: State = "running"
    reason: str = ""
    by: str = ""
    samples: Annotated[tuple[DeadSample, ...], Listed] = ()
    at: Instant

    def key(self) -> str:
        """Return the job and the source."""
        return state_ref(self.source).id


def state_ref(source: str) -> Ref:
    """Return where the state of a source is."""
    return Ref(CHECKPOINTS, join_key("collect", source))


def state_of(store: Store, source: str) -> State:
    """Return whether a source is collected; one that nobody ever stopped is running."""
    return _parsed(store.get(state_ref(source))).state


def samples_of(store: Store, source: str) -> tuple[DeadSample, ...]:
    """Return some of the traces that stopped a source; none of one that is running."""
    return _parsed(store.get(state_ref(source))).samples


def stop_source(store: Store, keys: Keys, source: str, kept: Kept, *, now: datetime) -> None:
    """Stop a source whose batch has too many malformed traces, on the audit chain, with an alert.

    Raises: ChainBroken.
    """
    dead = sum(kept.dead.values())
    error = SourceStopped(
        f"{dead} of {dead + kept.collected} new traces of {source} are malformed,"
        " so it is not collected",
        field="source",
        mend=f"ratchet dataset resume {source} --reason ..., once you know why",
    )
    evidence = {"codes": kept.dead}
    about = alert(
        STOPPED,
        source,
        "critical",
        error.message,
        now=now,
        command=f"ratchet dataset resume {source} --reason ...",
        evidence=error.as_dict() | evidence | {"samples": [s.to_map() for s in kept.samples]},
    )
    raise_alert(store, about)  # first: no source waits for a person who does not know
    new = SourceState(
        source=source,
        state="stopped",
        reason=error.message,
        by=JOB.name,
        samples=kept.samples,
        at=now,
    )

    def body(tx: Transaction) -> None:
        if _state(tx, source).state != "stopped":  # another collector may have been first
            _write(tx, keys, JOB, "stop_source", new, evidence=evidence)

    store.transact(body)


def run_on(store: Store, source: str, *, now: datetime) -> None:
    """Let a source that was resumed run as any other: its batch was taken."""
    store.set(state_ref(source), SourceState(source=source, at=now).to_map())


def resume_source(
    store: Store, keys: Keys, actor: Actor, source: str, *, reason: str, now: datetime
) -> SourceState:
    """Let a source that was stopped be collected again, its next batch with its dead letters.

    Raises: Forbidden, InvalidInput without a reason and for a source that is not known,
    IllegalTransition for one that is not stopped, ChainBroken.
    """
    require_admin(actor, "resume_source")
    require_reason(actor, reason, "resume_source")
    pick(GATHERERS, source, field="source")
    new = SourceState(source=source, state="resumed", reason=reason, by=actor.name, at=now)

    def body(tx: Transaction) -> SourceState:
        before = _state(tx, source)
        if before.state != "stopped":
            raise IllegalTransition(
                f"{source} is not stopped", field="source", mend="ratchet dataset collect"
            )
        state = new.model_copy(update={"samples": before.samples})
        _write(tx, keys, actor, "resume_source", state)
        return state

    state = store.transact(body)
    clear_alert(store, STOPPED, source, now=now, note=f"{actor.name} resumed it: {reason}")
    return state


def _state(tx: Transaction, source: str) -> SourceState:
    (found,) = tx.fetch([state_ref(source)])
    return _parsed(found)


def _parsed(found: Snapshot | None) -> SourceState:
    """Return the state of a document; where it was broken by hand, a person looks at it first."""
    try:
        return SourceState.from_store(found.data) if found else SourceState(source="", at=EPOCH)
    except InvalidInput:
        return SourceState(source="", state="stopped", at=EPOCH)


def _write(
    tx: Transaction,
    keys: Keys,
    actor: Actor,
    action: str,
    state: SourceState,
    evidence: Mapping[str, Any] | None = None,
) -> None:
    """Write a state that a person should find later, with its entry in the audit chain."""
    head = config_head(tx)
    entry = link(
        keys,
        head,
        actor,
        action,
        f"{CHECKPOINTS}/{state.key()}",
        now=state.at,
        payload=state.to_map(),
        to=state.state,
        reason=state.reason,
        evidence=evidence,
    )
    for document in (state, head.after(entry), entry):
        tx.put(document)
