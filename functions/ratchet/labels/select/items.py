"""The review items of a draw: what reviewers see, and why they are asked."""

import hashlib
from collections.abc import Mapping
from typing import Any

from ratchet.kernel.each import Tell, each
from ratchet.labels.label import BAD, GOOD
from ratchet.labels.review_item import ReviewItem
from ratchet.labels.select.review_draw import Drawn, ReviewDraw
from ratchet.observe.items import items_by_id
from ratchet.observe.observation import COLLECTION, split_id
from ratchet.store.named import naming
from ratchet.store.port import Ref, Store

ASKED_BY = "fill_review_queue"
# No unit: reviewers need not know who it was. No judges' words: they would agree with them.
SHOWN = ("component", "outcome", "errorCode", "policyVersion", "arm", "meta")


def draw_items(store: Store, draw: ReviewDraw, tell: Tell) -> list[ReviewItem]:
    """Return the items of a draw, in its order; an observation that is gone is not asked about."""
    wanted = dict.fromkeys(split_id(one.subject)[0] for one in draw.drawn if one.observed)
    found = store.get_many([Ref(COLLECTION, document_id) for document_id in wanted])
    there = (stored for stored in found if stored is not None)
    shown: dict[str, Mapping[str, Any]] = {}
    for batch in each(there, naming(items_by_id), tell):
        shown |= batch
    left = [one for one in draw.drawn if not one.observed or one.subject in shown]
    return [_item(draw, one, shown.get(one.subject, {})) for one in left]


def _item(draw: ReviewDraw, one: Drawn, observation: Mapping[str, Any]) -> ReviewItem:
    binary = set(draw.classes) == {GOOD, BAD}
    return ReviewItem(
        agent=draw.agent,
        subject=one.subject,
        question="Is this good?" if binary else "Which is it?",
        classes=draw.classes,
        shown={name: observation[name] for name in SHOWN if name in observation},
        features_ref=f"{COLLECTION}/{one.subject}" if one.observed else None,
        priority=_turn(draw, one),
        reason=one.reason,
        propensity=one.propensity,
        fingerprint=one.fingerprint,
        wanted=one.wanted,
        enqueued_by=ASKED_BY,
        enqueued_at=draw.drawn_at,
        expire_at=draw.expire_at,
    )


def _turn(draw: ReviewDraw, one: Drawn) -> float:
    """Return a drawn subject's place in the queue, 0..1, which is left to chance.

    The draw prefers what is unsure already. If the queue did so again, whoever answers half of it
    answers the hard half, and what is estimated from that is of no use, whatever the probabilities.
    """
    digest = hashlib.blake2b(f"turn:{draw.key()}:{one.subject}".encode(), digest_size=4).digest()
    return round(int.from_bytes(digest, "big") / 2**32, 6)
