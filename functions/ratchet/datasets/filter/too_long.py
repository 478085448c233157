"""Too long: it took more time than work that went well does, by default over 600 s.

The bound itself is kept. An unknown duration is not long: trajectories and labels have none.
"""

from ratchet.datasets.example import Content, Example
from ratchet.datasets.settings import DatasetSettings


def fails(example: Example, content: Content, settings: DatasetSettings) -> bool:
    """Say whether it is known to have taken too much time."""
    took = example.facts.duration_ms
    return took is not None and took > settings.max_seconds * 1000
