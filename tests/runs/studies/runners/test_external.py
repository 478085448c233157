"""`external`: the work is others', for as long as the patience with them lasts."""

from datetime import datetime, timedelta

from ratchet.runs.studies.runners.external import run
from ratchet.runs.studies.runners.runner import Desk
from ratchet.runs.studies.study import Result
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Store
from tests.support.governed import ADA, KEYS
from tests.support.studying import DAY, desk


def test_a_job_that_nobody_finishes_has_failed_after_some_days(embedded: Store) -> None:
    at = desk(embedded)
    study = at.plan()

    def asked(now: datetime) -> Result | None:
        settings = StudySettings(patience_days=3)
        return run(Desk(embedded, KEYS, at.reader, ADA, settings, now), study)

    assert asked(study.created_at + 3 * DAY - timedelta(seconds=1)) is None
    assert asked(study.created_at + 3 * DAY) == Result(
        state="failed", reasons=("nobody finished its job in 3 days",)
    )
