"""Pick: the subjects of one agent that are drawn, with their probabilities and their reasons."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ratchet.kernel.each import Tell
from ratchet.labels.select.candidate import Candidate, Frame
from ratchet.labels.select.choose import choose
from ratchet.labels.select.frames import Frames
from ratchet.labels.select.left_out import still_open
from ratchet.labels.select.measure import Measures, measure
from ratchet.labels.select.review_draw import Drawn
from ratchet.labels.settings import ReviewSettings
from ratchet.labels.weigh import weights_of
from ratchet.stats.moments import Ints
from ratchet.store.port import Store


@dataclass(frozen=True)
class Picked:
    """What is drawn, of how many new candidates in how many groups of near copies."""

    classes: tuple[str, ...]
    candidates: int
    groups: int
    drawn: tuple[Drawn, ...]


def pick(
    store: Store,
    agent: str,
    frames: Frames,
    n: int,
    *,
    settings: ReviewSettings,
    since: datetime,
    rng: np.random.Generator,
    tell: Tell,
) -> Picked:
    """Draw n candidates: of the new ones first, and where these are too few, of those of before.

    Those of before were in an earlier draw; they teach, but have no probability of their own.
    """
    new, old = frames.new.candidates, frames.old.candidates
    left, group = still_open(store, agent, new + old, since=since, tell=tell)
    measures = measure(left, frames.said, weights_of(store, agent, tell=tell))
    fresh = {candidate.subject for candidate in new}
    is_new = np.array([c.subject in fresh for c in left], np.bool_)
    first = _drawn(left, measures, group, np.flatnonzero(is_new), n, settings, rng, frames.new)
    taken = {group[i] for i, _ in first} | set(group[is_new])
    rest = np.array([i for i in np.flatnonzero(~is_new) if group[i] not in taken], np.int64)
    then = _drawn(left, measures, group, rest, n - len(first), settings, rng, None)
    drawn = tuple(one for _, one in (*first, *then))
    return Picked(
        classes=measures.classes,
        candidates=int(is_new.sum()),
        groups=len(np.unique(group[is_new])),
        drawn=_twice(drawn, settings.second_share, rng),
    )


def seeded(agent: str, name: str) -> np.random.Generator:
    """Return the randomness of one draw: that of the same draw is the same."""
    digest = hashlib.blake2b(f"review:{agent}:{name}".encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def _drawn(
    left: Sequence[Candidate],
    measures: Measures,
    group: Ints,
    among: Ints,
    n: int,
    settings: ReviewSettings,
    rng: np.random.Generator,
    frame: Frame | None,
) -> list[tuple[int, Drawn]]:
    """Return what is drawn among some candidates, by its index; `frame` gives probabilities."""
    share = settings.uniform_share
    chosen = choose(measures.score[among], group[among], n, uniform_share=share, rng=rng)
    found = []
    for i, propensity in zip(among[chosen.index], chosen.propensity, strict=True):
        one = left[i]
        drawn = Drawn(
            subject=one.subject,
            observed=one.observed,
            propensity=float(propensity) * frame.share if frame else None,
            weight=one.weight,
            score=round(float(measures.score[i]), 6),
            reason=measures.reason(i),
            fingerprint=one.fingerprint,
        )
        found.append((int(i), drawn))
    return found


def _twice(drawn: tuple[Drawn, ...], share: float, rng: np.random.Generator) -> tuple[Drawn, ...]:
    """Let two reviewers be asked about a share of them, in the mean just that share."""
    twice = int(len(drawn) * share + rng.random())
    chosen = set(rng.permutation(len(drawn))[:twice].tolist())
    return tuple(
        one.model_copy(update={"wanted": 2}) if i in chosen else one for i, one in enumerate(drawn)
    )
