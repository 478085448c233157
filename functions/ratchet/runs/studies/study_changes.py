"""What changes a study inside a transaction: the document, its policy's head and the audit entry.

All reads come first: `read_study` reads what `put_study` writes over.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from ratchet.govern.audit import link
from ratchet.govern.chain_heads import require_chain
from ratchet.govern.flags import Flags
from ratchet.govern.roles import Actor
from ratchet.kernel.errors import LearningOff, NotFound
from ratchet.kernel.keys import Keys
from ratchet.policies.head import PolicyHead
from ratchet.runs.studies.study import ROSTER, Roster, Study, study_ref
from ratchet.runs.studies.study_job import StudyJob, job_ref
from ratchet.store.transact import Transaction

Action = Literal["study-plan", "study-start", "study-end"]


class Held(NamedTuple):
    """A study, and all that is written together with it."""

    study: Study
    head: PolicyHead
    roster: Roster
    job: StudyJob | None


def read_study(tx: Transaction, study_id: str) -> Held:
    """Read a study and what is written with it.

    Raises: NotFound, ChainBroken.
    """
    tx.fetch([study_ref(study_id), job_ref(study_id), ROSTER])  # at once
    study = tx.find(Study, study_ref(study_id).id)
    if study is None:
        raise no_study(study_id)
    head = read_policy(tx, study.policy)
    job = tx.find(StudyJob, job_ref(study_id).id)
    return Held(study, head, read_roster(tx), job)


def read_policy(tx: Transaction, policy: str) -> PolicyHead:
    """Read the head of a policy, a new one where there is none yet.

    Raises: ChainBroken.
    """
    head = tx.find(PolicyHead, policy) or PolicyHead(id=policy)
    require_chain(tx, head)
    return head


def read_roster(tx: Transaction) -> Roster:
    """Read which studies are open."""
    return tx.find(Roster, ROSTER.id) or Roster()


def put_study(
    tx: Transaction,
    keys: Keys,
    head: PolicyHead,
    actor: Actor,
    study: Study,
    action: Action,
    *,
    now: datetime,
    was: str = "",
    reason: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> None:
    """Write a study, its audit entry and the head of its policy."""
    told = {"type": study.type, "version": study.version, "gain": study.gain}
    entry = link(
        keys,
        head,
        actor,
        action,
        study.id,
        now=now,
        payload=study.to_map(),
        was=was,
        to=study.state,
        reason=reason,
        evidence={k: v for k, v in told.items() if v is not None} | dict(evidence or {}),
    )
    tx.put(study)
    tx.put(head.after(entry))
    tx.put(entry)


def require_on(flags: Flags, study: Study, action: str) -> None:
    """Stop a study that no person started while the kill switch is off.

    Raises: LearningOff.
    """
    if study.started_by != "person" and not flags.learning.enabled:
        raise LearningOff(
            f"{action}: learning is switched off, and a {study.started_by} started {study.id}",
            field="learning.enabled",
            mend="a person may start one: ratchet study start TYPE --policy ...",
        )


def no_study(study_id: str) -> NotFound:
    """Return the error of a study that does not exist."""
    return NotFound(f"study {study_id} does not exist", field="study", mend="ratchet study list")
