"""`external`: the work is done elsewhere, by a service that takes the study's job."""

from ratchet.runs.studies.runners.runner import Desk
from ratchet.runs.studies.study import Result, Study


def run(desk: Desk, study: Study) -> Result | None:
    """Wait for the service, and fail when nobody has finished the job in time."""
    if desk.now - study.created_at < desk.settings.patience:
        return None
    days = desk.settings.patience_days
    return Result(state="failed", reasons=(f"nobody finished its job in {days:g} days",))
