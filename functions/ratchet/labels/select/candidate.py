"""Candidate: one subject that people can be asked about, and the frame of an agent's candidates."""

import hashlib
import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.select.copies import Signature, fingerprint, signature

MOST = 100_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """What stays in memory of one subject.

    `confidence` is its own, nan where unknown; `weight` is how many observations it stands for.
    """

    subject: str
    observed: bool = True
    weight: int = 1
    confidence: float = float("nan")
    fingerprint: str | None = None
    signature: Signature | None = None


@dataclass
class Frame:
    """The candidates of one agent; of more than `most`, a fair sample is kept, by hash."""

    most: int = MOST
    seen: int = 0
    _kept: list[tuple[int, str, Candidate]] = field(default_factory=list)

    def add(self, candidate: Candidate) -> None:
        """Take a candidate, or count it."""
        self.seen += 1
        digest = hashlib.blake2b(f"frame:{candidate.subject}".encode(), digest_size=8).digest()
        entry = (-int.from_bytes(digest, "big"), candidate.subject, candidate)
        if len(self._kept) < self.most:
            heapq.heappush(self._kept, entry)
        else:
            heapq.heappushpop(self._kept, entry)

    @property
    def share(self) -> float:
        """Return the part of all candidates that is kept."""
        return len(self._kept) / self.seen if self.seen else 1.0

    @property
    def candidates(self) -> list[Candidate]:
        """Return those that are kept, by subject, whatever order they came in."""
        return [c for _, _, c in sorted(self._kept, key=lambda entry: entry[1])]


def candidate_of(subject: str, item: Mapping[str, Any]) -> Candidate:
    """Return an observation as a candidate.

    Raises: InvalidInput for one that was broken by hand.
    """
    weight, confidence = item.get("weight", 1), item.get("confidence", float("nan"))
    if type(weight) is not int or weight < 1:
        raise InvalidInput(f"weight {weight!r} is no whole number from 1", field="weight")
    if type(confidence) not in (int, float) or confidence < 0 or confidence > 1:
        raise InvalidInput(f"confidence {confidence!r} is no share 0..1", field="confidence")
    text = text_of(item.get("meta"))
    return Candidate(
        subject=subject,
        weight=weight,
        confidence=confidence,
        fingerprint=fingerprint(text) if text else None,
        signature=signature(text) if text else None,
    )


def text_of(meta: Any) -> str:
    """Return all that a `meta` says, by its fields' names; nothing where it holds no words.

    >>> text_of({"question": "Why?", "context": {"turn": 2}}), text_of({"turn": 2})
    ('2\\nWhy?', '')
    """
    leaves = _leaves(meta)
    spoken = any(isinstance(leaf, str) and leaf.strip() for leaf in leaves)
    return "\n".join(str(leaf) for leaf in leaves) if spoken else ""


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [leaf for name in sorted(value) for leaf in _leaves(value[name])]
    if isinstance(value, list | tuple):
        return [leaf for one in value for leaf in _leaves(one)]
    return [value]
