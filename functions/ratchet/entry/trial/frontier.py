"""Frontier: which arms are dominated, because another one does better for no more."""

from collections.abc import Mapping
from dataclasses import dataclass

from ratchet.entry.trial.estimates import Estimate
from ratchet.kernel.document import Model

NO_PRICE = "no frontier: neither cost nor latency is known of two arms"
NO_VALUE = "no frontier: no outcome, grade or reward is known of two arms"


class Place(Model):
    """An arm on the plane of price and value; `by` dominates it, if any does.

    `clear` says that the intervals do not overlap either.
    """

    arm: str
    price: Estimate
    value: Estimate
    by: str | None = None
    clear: bool = False


class Frontier(Model):
    """The arms by price, the cheapest first. `without` are those with no known price or value."""

    price: str = ""
    value: str = ""
    places: tuple[Place, ...] = ()
    without: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Axis:
    """One metric of the arms that have it."""

    name: str
    of: Mapping[str, Estimate]


def frontier(arms: list[str], prices: list[Axis], value: Axis | None) -> Frontier:
    """Return the frontier by the first price that two arms have; less of it is better."""
    price = next((axis for axis in prices if len(axis.of) >= 2), None)
    if price is None:
        return Frontier(reason=NO_PRICE)
    if value is None or len(value.of) < 2:
        return Frontier(reason=NO_VALUE)
    known = [arm for arm in arms if arm in price.of and arm in value.of]
    places = [Place(arm=arm, price=price.of[arm], value=value.of[arm]) for arm in known]
    judged = [_judge(place, places) for place in places]
    return Frontier(
        price=price.name,
        value=value.name,
        places=tuple(sorted(judged, key=lambda p: (p.price.value, -p.value.value))),
        without=tuple(arm for arm in arms if arm not in known),
    )


def _judge(place: Place, places: list[Place]) -> Place:
    better = [other for other in places if _dominates(other, place)]
    if not better:
        return place
    clear = [other for other in better if _clearly(other, place)]
    best = max(clear or better, key=lambda other: (other.value.value, -other.price.value))
    return place.model_copy(update={"by": best.arm, "clear": bool(clear)})


def _dominates(a: Place, b: Place) -> bool:
    no_worse = a.price.value <= b.price.value and a.value.value >= b.value.value
    return no_worse and (a.price.value < b.price.value or a.value.value > b.value.value)


def _clearly(a: Place, b: Place) -> bool:
    bounds = (a.price.high, b.price.low, a.value.low, b.value.high)
    if any(bound is None for bound in bounds):
        return False
    price_high, price_low, value_low, value_high = (float(bound or 0) for bound in bounds)
    return price_high <= price_low and value_low >= value_high
