"""Weigh the judges, and grade by the weights that moved what they said before them."""

from datetime import datetime, timedelta

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import DAY
from ratchet.kernel.each import each
from ratchet.kernel.errors import Conflict, InvalidInput, RatchetError
from ratchet.labels.grade import grade_subjects
from ratchet.labels.judgement import JUDGEMENTS, Judgement
from ratchet.labels.settings import JudgeSettings
from ratchet.labels.weigh import WeighReport, weigh_judges
from ratchet.store.port import Filter, Query, Store

MOST = 5_000  # subjects of an agent in one night, those of its latest judgements


def weigh_and_grade(
    store: Store, reader: ConfigReader, *, now: datetime, agent: str | None = None
) -> WeighReport:
    """Weigh the judges of one agent, or of all, and grade anew where a weight moved.

    So is what was judged in the last day, and where a judge earns its first weight, in the window
    of weights: until then its words were nobody's grade. One agent that fails stops no other.
    """
    found = weigh_judges(store, reader, now=now, agent=agent)
    window = timedelta(days=reader.read(JudgeSettings).window_days)
    back: dict[str, timedelta] = {}
    for change in found.changed:
        first = not change.before and change.after > 0
        back[change.agent] = max(back.get(change.agent, DAY), window if first else DAY)
    graded, failed = 0, list(found.failed)
    for name, span in back.items():
        try:
            subjects = _judged(store, name, now - span, now)
            graded += grade_subjects(store, reader, name, subjects, now=now)
        except (Conflict, InvalidInput) as error:
            failed.append(name)
            _tell(store, name, error, now)
    return found.model_copy(update={"graded": graded, "failed": tuple(failed)})


def _judged(store: Store, agent: str, since: datetime, now: datetime) -> list[str]:
    """Return what an agent's judges judged since then, what they judged last at the end."""
    where = (Filter("agent", "==", agent), Filter("ts", ">=", since), Filter("ts", "<=", now))
    stored = store.stream(Query(JUDGEMENTS, where, ("ts",)))
    subjects: dict[str, None] = {}
    for one in each(stored, lambda s: Judgement.from_store(s.data), _told_by_night):
        subjects.pop(one.subject, None)
        subjects[one.subject] = None
        if len(subjects) > MOST:
            del subjects[next(iter(subjects))]
    return list(subjects)


def _told_by_night(error: Exception) -> None:
    """Leave it out: the weighing told of what it could not read."""


def _tell(store: Store, agent: str, error: RatchetError, now: datetime) -> None:
    about = alert(
        "judges-not-graded",
        agent,
        "warning",
        f"what the judges of {agent} said before could not be graded anew: {error.message}",
        now=now,
        command=f"ratchet judges weights --agent {agent}",
        evidence=error.as_dict(),
    )
    raise_alert(store, about)
