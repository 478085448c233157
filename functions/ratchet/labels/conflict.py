"""Conflict: labels that contradict each other are all kept, and one rule says which counts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from math import fsum
from operator import itemgetter

from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import InvalidInput
from ratchet.labels.label import Label
from ratchet.observe.observation import Propensity

# When a label was said, its key, and the label; told apart by the first two.
Word = tuple[datetime, str, Label]
_WHEN = itemgetter(0, 1)
# The lower, the more a source's word counts; sources that callers name rank with feedback.
RANKS: Mapping[str, int] = {
    "gold": 0,
    "review": 1,
    "approvals": 2,
    "feedback": 3,
    "outcomes": 4,
}


class Resolved(Model):
    """What the labels of one subject come to; `disputed` where any that stands says otherwise.

    `value` is the mean of those who say `label`, weighted by confidence. `confidence` 0..100 is
    their mean times their share of the vote. `keys` are the labels that were heard, `ts` is the
    latest of them, and `featuresRef` where the features of the subject are. `propensity` is the
    latest of those who say `label`, where any was drawn.
    """

    label: str
    value: float | None = None
    confidence: float
    sources: tuple[str, ...]
    disputed: bool
    keys: tuple[str, ...]
    ts: Instant
    features_ref: str | None = None
    propensity: Propensity | None = None


def resolved(labels: Iterable[Label]) -> Resolved:
    """Resolve the labels of one subject; withdrawn ones never count, nor does their order.

    Only the best rank of source is heard (gold, review, approvals, feedback of people, outcomes),
    and of each labeller of a source the latest word. The class with the most confidence wins; of
    equals, the one that was said last.

    Raises: InvalidInput where no label stands.
    """
    standing = sorted(((one.ts, one.key(), one) for one in labels if one.stands), key=_WHEN)
    if not standing:
        raise InvalidInput("no label stands", field="labels", mend="leave the subject out")
    heard = _heard(standing)
    votes: defaultdict[str, list[Label]] = defaultdict(list)
    for _, _, one in heard:
        votes[one.label].append(one)
    said = {label: fsum(one.confidence for one in given) for label, given in votes.items()}
    last = {one.label: place for place, (_, _, one) in enumerate(heard)}
    label = max(votes, key=lambda name: (said[name], last[name]))
    total, winners = fsum(said.values()), votes[label]
    return Resolved(
        label=label,
        value=_value(winners),
        confidence=said[label] / len(winners) * (said[label] / total) if total else 0.0,
        sources=tuple(sorted({one.source for _, _, one in heard})),
        disputed=any(one.label != label for _, _, one in standing),
        keys=tuple(sorted(key for _, key, _ in heard)),
        ts=heard[-1][0],
        features_ref=next(filter(None, (x.features_ref for _, _, x in reversed(standing))), None),
        propensity=next(filter(None, (one.propensity for one in reversed(winners))), None),
    )


def resolved_subjects(labels: Iterable[Label]) -> dict[str, Resolved]:
    """Return what the labels of one agent come to, by subject; subjects without one are absent."""
    by_subject: defaultdict[str, list[Label]] = defaultdict(list)
    for one in labels:
        if one.stands:
            by_subject[one.subject].append(one)
    return {subject: resolved(given) for subject, given in by_subject.items()}


def _heard(standing: list[Word]) -> list[Word]:
    """Return the words of the best rank, of each labeller of a source the last."""
    best = min(_rank(one) for _, _, one in standing)
    ranked = (word for word in standing if _rank(word[2]) == best)
    return sorted({(w[2].source, w[2].labeller): w for w in ranked}.values(), key=_WHEN)


def _rank(one: Label) -> int:
    return RANKS.get(one.source, RANKS["feedback"])


def _value(winners: list[Label]) -> float | None:
    """Return the mean of what values there are; those that are sure of nothing count alike."""
    valued = [(one.value, one.confidence) for one in winners if one.value is not None]
    if not valued:
        return None
    weight = fsum(confidence for _, confidence in valued)
    if not weight:
        return fsum(value for value, _ in valued) / len(valued)
    return fsum(value * confidence for value, confidence in valued) / weight
