"""Record the study of a draft that the tuner has made by itself."""

from collections.abc import Iterable
from datetime import datetime

from ratchet.govern.alerts import alert, raise_alert
from ratchet.kernel.errors import RatchetError, Unavailable
from ratchet.kernel.keys import Keys
from ratchet.policies.propose import read_version
from ratchet.policies.version import PolicyVersion, version_key
from ratchet.runs.studies.study import NUMBERED, Result, Study, study_ref
from ratchet.runs.studies.study_changes import put_study, read_policy
from ratchet.stats.intervals import Interval
from ratchet.store.port import Store
from ratchet.store.transact import Transaction
from ratchet.tune.auto_tune import TUNER, TuneOutcome


def record_tuner_studies(
    store: Store, keys: Keys, outcomes: Iterable[TuneOutcome], *, now: datetime
) -> None:
    """Write the studies of what auto-tune drafted; one that cannot be written stops no other.

    Raises: Unavailable.
    """
    for outcome in outcomes:
        try:
            record_tuner_study(store, keys, outcome, now=now)
        except Unavailable:
            raise
        except RatchetError as error:
            about = alert(
                "study-failed",
                outcome.policy,
                "warning",
                f"no study tells of {outcome.policy}@{outcome.version}: {error.message}",
                now=now,
                command=f"ratchet policy show {outcome.policy}",
                evidence=error.as_dict(),
            )
            raise_alert(store, about)


def record_tuner_study(
    store: Store, keys: Keys, outcome: TuneOutcome, *, now: datetime
) -> Study | None:
    """Write the study of what auto-tune drafted, once a draft; None where it made none itself.

    Its component is the policy: the tuner looks at all that the policy's arms do.

    Raises: NotFound, BadSignature, ChainBroken.
    """
    if outcome.version is None:
        return None
    policy, number = outcome.policy, outcome.version
    name = f"{policy}{NUMBERED}{number}"
    if store.get(study_ref(name)) is not None:
        return None

    def body(tx: Transaction) -> Study | None:
        head = read_policy(tx, policy)
        there = tx.find(Study, study_ref(name).id)
        draft = read_version(tx, keys, policy, number)
        if there is not None or draft.created_by != TUNER.name:
            return None
        study = _study_of(name, draft, now)
        why = "; ".join(study.reasons)
        put_study(tx, keys, head, TUNER, study, "study-end", now=now, reason=why)
        return study

    return store.transact(body)


def _study_of(name: str, draft: PolicyVersion, now: datetime) -> Study:
    why = draft.proposal
    reasons = tuple(reason[:1000] for reason in why.reasons) if why else ()
    interval = None
    if why and why.gain_low is not None and why.gain_high is not None:
        interval = Interval(low=why.gain_low, high=why.gain_high)
    planned = Study(
        id=name,
        type="parameter_tuning",
        component=draft.id,
        policy=draft.id,
        base=draft.parent,
        hypothesis=f"what {draft.parent} did says of better values inside its envelope",
        started_by="tuner",
        actor=TUNER.name,
        created_at=draft.created_at,
        updated_at=now,
    )
    result = Result(
        state="succeeded",
        version=version_key(draft.id, draft.version),
        gain=why.expected_gain if why else None,
        gain_interval=interval,
        cost_usd=0.0,
        reasons=reasons,
    )
    return planned.ended(result, now)
