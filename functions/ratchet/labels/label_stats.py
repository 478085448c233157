"""Statistics of labels: exact counters of each agent, written with the labels that they count."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import ClassVar

from ratchet.kernel.clock import DAY
from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.each import Tell, each
from ratchet.kernel.ids import join_key
from ratchet.labels.label import Label
from ratchet.store.named import naming
from ratchet.store.port import Query, Ref, Store

KEPT_DAYS = 62  # twice the longest span that may be called recent, and a day at each end
NAMES = 200  # classes, or sources, that are counted by name; the rest is `other`
OTHER = "other"
DAY_FORM = "%Y%m%d"


class LabelStats(Document):
    """The labels of one agent: how many stand, by source, class and day; how many were withdrawn.

    A day is that on which a label was said, UTC; 62 of them are kept, up to `updatedAt`, when the
    last was loaded. `uses` counts how often something learned from them.
    """

    collection: ClassVar[str] = "ops_label_stats"

    agent: str
    total: int = 0
    withdrawn: int = 0
    by_source: dict[str, int] = {}
    by_class: dict[str, int] = {}
    by_day: dict[str, int] = {}
    uses: int = 0
    updated_at: Instant

    def key(self) -> str:
        """Return the agent."""
        return stats_ref(self.agent).id

    def with_label(self, label: Label, sign: int) -> "LabelStats":
        """Return the statistics with one label more, or one less."""
        if not label.stands:
            return self.model_copy(update={"withdrawn": self.withdrawn + sign})
        updated = max(self.updated_at, label.loaded_at)
        if sign > 0 and updated > label.loaded_at + DAY:  # some clock ran ahead: the days go on
            updated = label.loaded_at
        oldest = f"{updated - timedelta(days=KEPT_DAYS):{DAY_FORM}}"
        days = _counted(self.by_day, f"{label.ts:{DAY_FORM}}", sign)
        return self.model_copy(
            update={
                "total": self.total + sign,
                "by_source": _named(self.by_source, label.source, sign),
                "by_class": _named(self.by_class, label.label, sign),
                "by_day": {day: n for day, n in days.items() if n > 0 and day > oldest},
                "updated_at": updated,
            }
        )

    def within(self, first: date, last: date) -> int:
        """Return how many labels were said on the days from one to another."""
        span = (f"{first:{DAY_FORM}}", f"{last:{DAY_FORM}}")
        return sum(n for day, n in self.by_day.items() if span[0] <= day <= span[1])


def stats_ref(agent: str) -> Ref:
    """Return where the statistics of an agent are."""
    return Ref(LabelStats.collection, join_key(agent))


class AgentLabels(Model):
    """One agent's labels, how many are recent, and how many came in as many days before."""

    agent: str
    total: int
    withdrawn: int
    recent: int
    before: int
    by_source: dict[str, int]
    by_class: dict[str, int]


class LabelTotals(Model):
    """All labels that stand, by source and by agent, and how they grow."""

    total: int
    withdrawn: int
    recent_days: int
    recent: int
    before: int
    by_source: dict[str, int]
    agents: tuple[AgentLabels, ...]


def label_stats(
    store: Store, *, now: datetime, recent_days: int, tell: Tell | None = None
) -> LabelTotals:
    """Return the statistics of all agents; recent are today and the days before it, UTC.

    Statistics that cannot be read are told, and left out. Raises: InvalidInput where nobody is.
    """
    stored = store.stream(Query(LabelStats.collection))
    found = each(stored, naming(lambda s: LabelStats.from_store(s.data)), tell)
    agents = [_agent(one, now.date(), recent_days) for one in found]
    by_source: Counter[str] = Counter()
    for one in agents:
        by_source.update(one.by_source)
    return LabelTotals(
        total=sum(one.total for one in agents),
        withdrawn=sum(one.withdrawn for one in agents),
        recent_days=recent_days,
        recent=sum(one.recent for one in agents),
        before=sum(one.before for one in agents),
        by_source=dict(sorted(by_source.items())),
        agents=tuple(sorted(agents, key=lambda one: one.agent)),
    )


def _agent(stats: LabelStats, today: date, recent_days: int) -> AgentLabels:
    span, tomorrow = timedelta(days=recent_days), today + timedelta(days=1)
    return AgentLabels(
        agent=stats.agent,
        total=stats.total,
        withdrawn=stats.withdrawn,
        recent=stats.within(tomorrow - span, tomorrow),  # a clock may run some minutes ahead
        before=stats.within(tomorrow - 2 * span, tomorrow - span - timedelta(days=1)),
        by_source={name: n for name, n in stats.by_source.items() if n},
        by_class={name: n for name, n in stats.by_class.items() if n},
    )


def _named(counts: Mapping[str, int], name: str, sign: int) -> dict[str, int]:
    """Count under a name; a name keeps its place at 0, so that what is `other` stays it."""
    known = name in counts or len(counts) < NAMES
    return _counted(counts, name if known else OTHER, sign)


def _counted(counts: Mapping[str, int], name: str, sign: int) -> dict[str, int]:
    return {**counts, name: counts.get(name, 0) + sign}
