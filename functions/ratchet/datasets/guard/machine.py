"""The cap on what a machine wrote and neither a person nor a check of the world vouches for."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from ratchet.datasets.example import CHECK, PERSON, Example


class Weighed(NamedTuple):
    """An example as the cap sees it: whether it counts as a machine's, and what it is worth."""

    id: str
    machine: bool
    composite: float


def is_machine(example: Example) -> bool:
    """Say whether a machine wrote an example that neither person nor check vouches for."""
    lineage = example.lineage
    return lineage.writer == "machine" and not {PERSON, CHECK} & set(lineage.vouched)


def machine_share(candidates: Sequence[Weighed]) -> float:
    """Return the share of those that count as a machine's; of none, zero."""
    return sum(one.machine for one in candidates) / len(candidates) if candidates else 0.0


def cap_machine(candidates: Sequence[Weighed], cap: float) -> set[str]:
    """Return the ids to leave out so that at most `cap` of the rest are a machine's.

    Of m machines and p others m / (m + p) <= cap is m <= cap p / (1 - cap), reckoned in fractions
    of the decimal that a person wrote. The lowest composites go, and of equals the greater ids.

    >>> rows = [Weighed("a", True, 90), Weighed("b", True, 80), Weighed("c", False, 10)]
    >>> cap_machine(rows, 0.5)
    {'b'}
    """
    written = Fraction(str(cap))
    machines = [one for one in candidates if one.machine]
    if written >= 1:
        return set()
    others = len(candidates) - len(machines)
    room = written * others // (1 - written)
    ranked = sorted(machines, key=lambda one: (-one.composite, one.id))
    return {one.id for one in ranked[room:]}
