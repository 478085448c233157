"""RunFleet: what the closed days of all components add up to, so that one can be held against it.

Its size is days times metrics, however many components there are: a component takes itself out.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import ClassVar

import numpy as np

from ratchet.kernel.document import Document, Instant, Model
from ratchet.runs.cards.card import METRICS
from ratchet.runs.cards.claims import FLEET_DAYS, LEAST_DAYS
from ratchet.runs.cards.daily import Days, FleetDays, fleet_of
from ratchet.stats.moments import Floats
from ratchet.store.port import Ref


class FleetColumn(Model):
    """One metric of the fleet by day, oldest first, as `claims.FleetDays` has it."""

    components: tuple[float, ...]
    means: tuple[float, ...]
    inverse: tuple[float, ...]
    apart: tuple[float, ...]
    apart2: tuple[float, ...]
    least: tuple[float, ...]
    n: tuple[float, ...]
    x: tuple[float, ...]
    xx: tuple[float, ...]


class RunFleet(Document):
    """`ops_run_fleet/latest`: the 28 days that were over at `until`.

    `components` is how many had days enough to be compared: their claims share the chance of any
    being false.
    """

    collection: ClassVar[str] = "ops_run_fleet"

    until: Instant
    components: int
    metrics: dict[str, FleetColumn]
    updated_at: Instant

    def key(self) -> str:
        """Return the name of the one there is."""
        return FLEET.id

    @cached_property
    def days(self) -> FleetDays:
        """The sums as arrays. Shapes: (metrics, days)."""
        columns = [self.metrics[metric] for metric in METRICS]
        found = {
            name: np.array([getattr(column, name) for column in columns])
            for name in FleetColumn.model_fields
        }
        return FleetDays(**found)


FLEET = Ref(RunFleet.collection, "latest")


def fleet_document(components: Iterable[Days], *, until: datetime, now: datetime) -> RunFleet:
    """Return the fleet of some components, taken one at a time. Shapes: each (metrics, days)."""
    count, total = 0, fleet_of(Days(*np.zeros((3, 1, len(METRICS), FLEET_DAYS))))
    for days in components:
        one = fleet_of(Days(days.n[None], days.x[None], days.xx[None]))
        count += int(days.enough.sum(-1).max() >= LEAST_DAYS)
        total = total + one
    columns = {metric: _column(total, row) for row, metric in enumerate(METRICS)}
    return RunFleet(until=until, components=count, metrics=columns, updated_at=now)


def _column(total: FleetDays, row: int) -> FleetColumn:
    def listed(part: Floats) -> tuple[float, ...]:
        return tuple(float(value) for value in part[row])

    return FleetColumn(**{name: listed(getattr(total, name)) for name in FleetColumn.model_fields})
