"""Troubled: it came to its end by errors or retries, which nobody should learn to make."""

from ratchet.datasets.example import Content, Example
from ratchet.datasets.settings import DatasetSettings


def fails(example: Example, content: Content, settings: DatasetSettings) -> bool:
    """Say whether anything went wrong on the way."""
    return example.facts.errors > 0 or example.facts.retries > 0
