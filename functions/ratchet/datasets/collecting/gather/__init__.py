"""The registry of gatherers: one for each source of `extract`, one line here, one test."""

from collections.abc import Mapping

from ratchet.datasets.collecting.gather import labels, runs, traces
from ratchet.datasets.collecting.gather.gatherer import Gatherer

GATHERERS: Mapping[str, Gatherer] = {
    "events": traces.gatherer("events"),
    "labels": labels.GATHERER,
    "runs": runs.GATHERER,
    "trajectories": traces.gatherer("trajectories"),
}
