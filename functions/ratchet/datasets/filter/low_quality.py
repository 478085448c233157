"""Low quality: under the bound of the settings, by default 75 of 100, which is 4.0 of 5.

Unknown quality fails: that nobody complained is no praise.
"""

from ratchet.datasets.example import Content, Example
from ratchet.datasets.settings import DatasetSettings


def fails(example: Example, content: Content, settings: DatasetSettings) -> bool:
    """Say whether it is not known to be good enough."""
    return example.quality is None or example.quality < settings.min_quality
