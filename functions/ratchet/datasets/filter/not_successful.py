"""Not successful: what failed, timed out, or of which nobody knows how it ended.

A label tells no outcome, being no run: what a person vouches for needs none.
"""

from ratchet.datasets.example import PERSON, Content, Example
from ratchet.datasets.settings import DatasetSettings


def fails(example: Example, content: Content, settings: DatasetSettings) -> bool:
    """Say whether it did not succeed."""
    if example.facts.outcome is None:
        return PERSON not in example.lineage.vouched
    return example.facts.outcome != "success"
