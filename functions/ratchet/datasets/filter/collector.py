"""The collector's rule: why an example is not kept, and its mark, 80 to 20 by hash of its task."""

import hashlib

from ratchet.datasets.example import Content, Example, Mark
from ratchet.datasets.filter import FILTERS
from ratchet.datasets.settings import DatasetSettings

_ONE_IN = 5


def judge(example: Example, content: Content, settings: DatasetSettings) -> str:
    """Return the first reason for which an example is not kept, in the registry's order, or ""."""
    failed = (reason for reason, fails in FILTERS.items() if fails(example, content, settings))
    return next(failed, "")


def mark_of(task_id: str) -> Mark:
    """Return the mark of a task: one in five is for validation, all repeats of a task alike.

    >>> mark_of("airline/0"), mark_of("airline/8")
    ('train', 'validation')
    """
    digest = hashlib.blake2b(f"mark:{task_id}".encode(errors="replace"), digest_size=8).digest()
    return "validation" if int.from_bytes(digest, "big") % _ONE_IN == 0 else "train"
