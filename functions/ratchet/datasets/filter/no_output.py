"""No output: nothing was answered, or nothing but space."""

from ratchet.datasets.example import Content, Example
from ratchet.datasets.settings import DatasetSettings


def fails(example: Example, content: Content, settings: DatasetSettings) -> bool:
    """Say whether there is no answer to learn from."""
    return not content.output.strip()
