"""The mean loss of each component, day by day."""

from ratchet.kernel.document import Model
from ratchet.runs.read_trend import list_trends
from ratchet.runs.views.look import Look
from ratchet.stats.moments import SCALES


class LossTrendRow(Model):
    """One component's day, UTC; no loss where none of its runs has one."""

    component: str
    date: str
    avg_loss: float | None
    run_count: int


def rows(look: Look) -> list[LossTrendRow]:
    """Return a row for each component and day with runs, oldest first."""
    trends = list_trends(look.store, look.component, days=look.days, now=look.now, tell=look.tell)
    return [
        LossTrendRow(
            component=trend.component,
            date=f"{day.day:%Y-%m-%d}",
            avg_loss=day.sums.loss.mean(SCALES["loss"]),
            run_count=day.sums.runs,
        )
        for trend in trends
        for day in trend.days
    ]
