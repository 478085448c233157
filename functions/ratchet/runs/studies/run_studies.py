"""The hourly verb of studies: start what rules ask for, run what is planned, measure what came."""

from collections import defaultdict
from functools import partial

from ratchet.govern.alerts import Severity, alert, raise_alert
from ratchet.govern.config import ConfigReader
from ratchet.govern.flags import Flags
from ratchet.govern.roles import machine
from ratchet.kernel.clock import Clock
from ratchet.kernel.document import Model
from ratchet.kernel.each import each
from ratchet.kernel.errors import (
    Conflict,
    InvalidInput,
    LearningOff,
    NotFound,
    RatchetError,
    Refused,
)
from ratchet.kernel.keys import Keys
from ratchet.runs.studies.end_study import abandon_switched_off, end_study
from ratchet.runs.studies.list_studies import load_study
from ratchet.runs.studies.measure_studies import measure_studies
from ratchet.runs.studies.mend_roster import mend_roster
from ratchet.runs.studies.run_study import run_study
from ratchet.runs.studies.runners import HANDED_OUT, RUNNERS
from ratchet.runs.studies.runners.runner import Desk
from ratchet.runs.studies.start_studies import start_studies
from ratchet.runs.studies.study import ROSTER, Result, Roster, Study, study_ref
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Store

STUDENT = machine("run_studies")
MOST_ATTEMPTS = 3


class StudiesReport(Model):
    """What one round did: the ids of the studies, and of what was not started by rule, why.

    `waiting` are open: in other hands, or of a person while learning is off, since the machine
    drafts nothing then.
    """

    planned: tuple[str, ...] = ()
    left: dict[str, str] = {}
    succeeded: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    abandoned: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()


def run_studies(store: Store, keys: Keys, reader: ConfigReader, *, clock: Clock) -> StudiesReport:
    """Start studies by rule, run those that are planned, and measure what the last ones brought.

    One that fails stops no other. With the kill switch off nothing is started or run, and what no
    person started is given up.
    """
    desk = Desk(store, keys, reader, STUDENT, reader.read(StudySettings), clock())
    enabled = reader.read(Flags).learning.enabled
    told: dict[str, list[str]] = defaultdict(list)
    left: dict[str, str] = {}
    mend_roster(store)
    if enabled and desk.settings.enabled:
        try:
            planned, left = start_studies(store, keys, STUDENT, desk.settings, now=desk.now)
            told["planned"].extend(planned)
        except LearningOff as off:
            enabled, left = False, {"all": off.message}
    for study in _open_studies(desk):
        told[_attempt(desk, study, enabled, clock)].append(study.id)
    measured = measure_studies(store, now=desk.now, tell=partial(_tell, desk, STUDENT.name))
    return StudiesReport(
        left=left, measured=measured, **{name: tuple(ids) for name, ids in told.items()}
    )


def _open_studies(desk: Desk) -> list[Study]:
    """Return the studies that are open, oldest first; one that cannot be read is told."""
    found = desk.store.get(ROSTER)
    roster = Roster.from_store(found.data) if found else Roster()
    stored = desk.store.get_many([study_ref(study.id) for study in roster.studies])
    there = (one for one in stored if one is not None)
    studies = each(there, load_study, partial(_tell, desk, STUDENT.name))
    return sorted((s for s in studies if s.is_open), key=lambda s: (s.created_at, s.id))


def _attempt(desk: Desk, study: Study, enabled: bool, clock: Clock) -> str:
    """Do what there is to do for one open study; returns how it stands, as the report says it."""
    try:
        if not enabled and study.started_by != "person":
            given_up = abandon_switched_off(desk.store, desk.keys, STUDENT, study.id, now=desk.now)
            return "waiting" if given_up is None else "abandoned"
        ended = _run(desk, study, clock) if enabled or study.type in HANDED_OUT else None
    except (Conflict, InvalidInput, NotFound, Refused) as error:
        if not isinstance(error, LearningOff):
            _tell(desk, study.id, error)
        return "waiting"
    if ended is None:
        return "waiting"
    if ended.state == "failed":
        _tell(desk, study.id, Refused(f"it failed: {'; '.join(ended.reasons)}"), "info")
    return ended.state


def _run(desk: Desk, study: Study, clock: Clock) -> Study | None:
    """Return a study that has ended now; None where others have it, or do its work."""
    if study.type in HANDED_OUT:
        result = RUNNERS[study.type](desk, study)
        return None if result is None else _end(desk, study, result)
    if not study.is_free(desk.now):
        return None
    if study.attempts >= MOST_ATTEMPTS:
        why = f"it was begun {study.attempts} times, and whoever ran it died"
        return _end(desk, study, Result(state="failed", reasons=(why,)))
    return run_study(desk.store, desk.keys, desk.reader, STUDENT, study.id, clock=clock)


def _end(desk: Desk, study: Study, result: Result) -> Study:
    return end_study(
        desk.store,
        desk.keys,
        STUDENT,
        study.id,
        result,
        attempt=study.attempts,
        now=desk.now,
    )


def _tell(desk: Desk, subject: str, error: RatchetError, severity: Severity = "warning") -> None:
    about = alert(
        "study-failed",
        subject,
        severity,
        f"{subject}: {error.message}",
        now=desk.now,
        command="ratchet study list"
        if subject == STUDENT.name
        else f"ratchet study show {subject}",
        evidence=error.as_dict(),
    )
    raise_alert(desk.store, about)
