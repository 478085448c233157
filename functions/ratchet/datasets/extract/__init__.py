"""The registry of extractors, by source: one file, one line here, one test."""

from collections.abc import Mapping

from ratchet.datasets.extract import events, labels, runs, trajectories
from ratchet.datasets.extract.extractor import Extractor

EXTRACTORS: Mapping[str, Extractor] = {
    "events": events.extract,
    "labels": labels.extract,
    "runs": runs.extract,
    "trajectories": trajectories.extract,
}
