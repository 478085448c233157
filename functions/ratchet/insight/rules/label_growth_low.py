"""Label growth low: far fewer labels of an agent have come of late than in as many days before."""

from collections.abc import Iterator

from ratchet.insight.hysteresis import Band
from ratchet.insight.rule import Condition, Rule, Sight
from ratchet.kernel.clock import DAY
from ratchet.labels.label_stats import AgentLabels, label_stats
from ratchet.labels.settings import LabelSettings

LEAST = 20  # labels before: of fewer, a smaller number says nothing


def look(sight: Sight) -> Iterator[Condition]:
    """Yield the part of its labels that each agent has lost against the days before.

    One read an agent.
    """
    days = sight.reader.read(LabelSettings).recent_days
    totals = label_stats(sight.store, now=sight.now, recent_days=days, tell=sight.tell)
    for agent in totals.agents:
        if agent.before >= LEAST:
            yield _condition(agent, days)


def _condition(agent: AgentLabels, days: int) -> Condition:
    return Condition(
        subject=agent.agent,
        level=1 - agent.recent / agent.before,
        text=f"{agent.agent} has {agent.recent} labels of {days} days, and {agent.before} before",
        command="ratchet labels stats",
        evidence={"recent": agent.recent, "before": agent.before, "days": days},
    )


# Units: the part of the labels that is gone.
RULE = Rule("warning", DAY, Band(opens=0.5, closes=0.25), look)
