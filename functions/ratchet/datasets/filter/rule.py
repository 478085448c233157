"""The port of a collector's rule: whether an example is not worth keeping, for one reason."""

from typing import Protocol

from ratchet.datasets.example import Content, Example
from ratchet.datasets.settings import DatasetSettings


class Rule(Protocol):
    """Says whether an example fails for its one reason; a rule looks at nothing else."""

    def __call__(self, example: Example, content: Content, settings: DatasetSettings) -> bool:
        """Return True where the example is not to be kept."""
