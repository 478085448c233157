"""How many of the studies that ended came to something."""

from collections import Counter

from ratchet.kernel.document import Model
from ratchet.kernel.each import each
from ratchet.runs.read_trend import check_days
from ratchet.runs.studies.study import Study
from ratchet.runs.trend import first_day
from ratchet.runs.views.look import Look
from ratchet.store.port import Filter, Query


class StudySuccessRow(Model):
    """The ended studies of one type for one component: the share that succeeded, of how many."""

    component: str
    type: str
    success_rate: float
    total: int


def rows(look: Look) -> list[StudySuccessRow]:
    """Return a row for each component and type of the studies that ended in the last days.

    A failed and an abandoned study are no success.
    """
    check_days(look.days)
    start = first_day(look.now, look.days)
    where = (Filter("component", "==", look.component),) if look.component is not None else ()
    stored = look.store.stream(Query(Study.collection, where))
    total: Counter[tuple[str, str]] = Counter()
    succeeded: Counter[tuple[str, str]] = Counter()
    for study in each(stored, lambda s: Study.from_store(s.data), look.tell):
        if study.ended_at is None or study.ended_at < start:
            continue
        total[study.component, study.type] += 1
        succeeded[study.component, study.type] += study.state == "succeeded"
    return [
        StudySuccessRow(component=of, type=kind, success_rate=succeeded[of, kind] / n, total=n)
        for (of, kind), n in sorted(total.items())
    ]
