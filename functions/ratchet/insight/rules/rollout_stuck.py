"""Rollout stuck: a trial runs on and on, and no step of it is decided."""

from collections.abc import Iterator

from ratchet.insight.hysteresis import Band
from ratchet.insight.rule import Condition, Rule, Sight
from ratchet.kernel.clock import HOUR
from ratchet.kernel.each import each
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies.head import PolicyHead
from ratchet.rollouts.rollout import Rollout
from ratchet.store.named import naming
from ratchet.store.port import Filter, Query, Ref


def look(sight: Sight) -> Iterator[Condition]:
    """Yield for how many hours each running trial has been in its step.

    Two reads for each policy that has a rollout: its head and the rollout. A holdback and an A/A
    run their time by plan. One that ended, however it did, is stuck no more.
    """
    where = (Filter("rollout", ">", ""),)
    heads = sight.store.query(Query(PolicyHead.collection, where))
    running = [str(head.data["rollout"]) for head in heads]
    found = sight.store.get_many([Ref(ROLLOUTS, name) for name in running])
    stored = [snapshot for snapshot in found if snapshot is not None]
    for rollout in each(stored, naming(lambda s: Rollout.from_store(s.data)), sight.tell):
        if rollout.purpose == "trial":
            yield _condition(sight, rollout)
    for name in sorted(sight.known.difference(running)):
        yield Condition(
            subject=name, level=0, text=f"{name} has ended", command=f"ratchet rollout show {name}"
        )


def _condition(sight: Sight, rollout: Rollout) -> Condition:
    since = max((rollout.started_at, *rollout.opened))
    hours = (sight.now - since) / HOUR
    held = "; a person holds it" if rollout.held else ""
    waits = f"; it waits for {rollout.approval}" if rollout.approval else ""
    return Condition(
        subject=rollout.id,
        level=hours,
        text=f"{rollout.id} has been in step {rollout.place} for {hours:.0f} hours{held}{waits}",
        command=f"ratchet rollout show {rollout.id}",
        evidence={
            "step": rollout.place,
            "since": since,
            "deadline": rollout.deadline,
            "held": rollout.held,
            "approval": rollout.approval,
        },
    )


# Units: hours.
RULE = Rule("warning", HOUR, Band(opens=72, closes=24), look)
