"""Trivial: over in less time than anything worth learning takes, by default under 10 s.

The bound itself is kept. An unknown duration is not short: trajectories and labels have none.
"""

from ratchet.datasets.example import Content, Example
from ratchet.datasets.settings import DatasetSettings


def fails(example: Example, content: Content, settings: DatasetSettings) -> bool:
    """Say whether it is known to have taken too little time."""
    took = example.facts.duration_ms
    return took is not None and took < settings.min_seconds * 1000
