"""Floor or cap hit: a param of an active version lies at an edge of its tuning space."""

from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.govern.audit import is_policy
from ratchet.insight.hysteresis import Band
from ratchet.insight.rule import Condition, Rule, Sight
from ratchet.kernel.clock import HOUR
from ratchet.kernel.each import each
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import parse_head
from ratchet.policies.space import EPS, Range, Simplex, Span, is_number
from ratchet.policies.version import COLLECTION, PolicyVersion, load_version, version_key
from ratchet.store.port import Query, Ref


def look(sight: Sight) -> Iterator[Condition]:
    """Yield for each param of each active version whether it is at an edge: 1, or 0.

    Two reads a policy: its head and its active version.
    """
    stored = sight.store.stream(Query(PolicyHead.collection))
    policies = (s for s in stored if is_policy(s.ref.id))
    heads = list(each(policies, parse_head, sight.tell))
    keys = [version_key(head.id, head.active) for head in heads if head.active]
    found = sight.store.get_many([Ref(COLLECTION, key) for key in keys])
    there = [snapshot for snapshot in found if snapshot is not None]
    read = {head.id for head in heads if not head.active}
    told: set[str] = set()
    for version in each(there, lambda s: load_version(sight.keys, s.ref.id, s.data), sight.tell):
        read.add(version.id)
        for condition in _conditions(version):
            told.add(condition.subject)
            yield condition
    gone = (subject for subject in sight.known - told if subject.partition(".")[0] in read)
    yield from map(_gone, sorted(gone))


def _gone(subject: str) -> Condition:
    """Return what is known of a param that an active version had, and has no more."""
    policy, _, param = subject.partition(".")
    return Condition(
        subject=subject,
        level=0,
        text=f"{param} of {policy} is tuned no more",
        command=f"ratchet policy show {policy}",
    )


def _conditions(version: PolicyVersion) -> Iterator[Condition]:
    for name, span in sorted(version.space().items()):
        edges = edges_of(span, version.params.get(name))
        where = ", ".join(f"{of} at its {edge}" if of else f"at its {edge}" for of, edge in edges)
        yield Condition(
            subject=f"{version.id}.{name}",
            level=1.0 if edges else 0.0,
            text=f"{name} of {version.key()}: {where or 'inside its envelope'}",
            command=f"ratchet policy show {version.id}",
            evidence={"version": version.key(), "value": version.params.get(name)},
        )


def edges_of(span: Span, value: Any) -> list[tuple[str, str]]:
    """Return (arm, edge) of what lies at an edge; an envelope without room has none.

    >>> edges_of(Range(kind="float", low=1, high=9), 9)
    [('', 'cap')]
    """
    if isinstance(span, Simplex) and isinstance(value, Mapping) and len(value) > 1:
        return [
            (arm, edge)
            for arm, weight in sorted(value.items())
            if is_number(weight) and (edge := _edge(weight, span.floor, span.cap))
        ]
    if isinstance(span, Range) and is_number(value):
        edge = _edge(value, span.low, span.high)
        return [("", edge)] if edge else []
    return []


def _edge(value: float, low: float, high: float) -> str:
    if high - low <= EPS:
        return ""
    if value <= low + EPS:
        return "floor"
    return "cap" if value >= high - EPS else ""


RULE = Rule("info", HOUR, Band(opens=0.5, closes=0.5), look)
