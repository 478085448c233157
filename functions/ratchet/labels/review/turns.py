"""Whose turn an item is, and what it is after somebody took it, answered, or passed it on."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from ratchet.kernel.errors import Refused
from ratchet.labels.review_item import (
    LONGEST_LEASE,
    MAX_WANTED,
    Claim,
    Opinion,
    ReviewItem,
    ReviewState,
)
from ratchet.observe.observation import AHEAD

WAITING: tuple[ReviewState, ...] = ("open", "escalated")
LIVE: tuple[ReviewState, ...] = (*WAITING, "claimed")


def is_live(item: ReviewItem) -> bool:
    """Say whether opinions are still wanted."""
    return item.state in LIVE


def is_held(item: ReviewItem, now: datetime) -> bool:
    """Say whether somebody's lease keeps it from others.

    One that lasts longer than any lease was given by a clock that ran ahead, or by hand.
    """
    if item.state != "claimed" or item.claim is None:
        return False
    return now < item.claim.until <= now + LONGEST_LEASE + AHEAD


def state_at(item: ReviewItem, now: datetime) -> ReviewState:
    """Return the state that it is in: one whose lease has ended waits again."""
    return _resting(item) if item.state == "claimed" and not is_held(item, now) else item.state


def opinion_of(item: ReviewItem, name: str) -> Opinion | None:
    """Return what somebody answered."""
    return next((one for one in item.opinions if one.by == name), None)


def is_for(item: ReviewItem, name: str, now: datetime) -> bool:
    """Say whether it may be shown to somebody: nobody else has it, and he did not have his say.

    Who escalated an item has skipped it: it goes to others.
    """
    told = name in item.skipped_by or opinion_of(item, name) is not None
    others = is_held(item, now) and not _is_of(item, name)
    return is_live(item) and not told and not others


def taken(item: ReviewItem, name: str, until: datetime) -> ReviewItem:
    """Return it in somebody's hands; who lost it when his lease ended may answer yet."""
    return _with(item, state="claimed", claim=Claim(by=name, until=until), late=_late(item, name))


def unseen(item: ReviewItem) -> ReviewItem:
    """Return it without what others answered: whoever is asked says what he thinks himself."""
    return _with(item, opinions=())


def let_go(item: ReviewItem) -> ReviewItem:
    """Return it as it waits for anybody."""
    return _with(item, state=_resting(item), claim=None)


def skipped(item: ReviewItem, name: str) -> ReviewItem:
    """Return it as it waits for somebody else."""
    return let_go(_with(item, skipped_by=(*item.skipped_by, name)))


def escalated(item: ReviewItem, name: str, reason: str) -> ReviewItem:
    """Return it as it waits for somebody else, with the question that is raised."""
    return skipped(_with(item, escalated_by=name, escalated_reason=reason), name)


def doubted(item: ReviewItem, name: str, now: datetime) -> ReviewItem:
    """Return it with one more opinion wanted than there will be when its holder has answered.

    Asked again, it wants no more than that. Raises: Refused where it has as many as it may have.
    """
    wanted = len(item.opinions) + 1 + (is_held(item, now) or _is_of(item, name))
    if wanted > MAX_WANTED:
        raise Refused(
            f"{item.key()} has {len(item.opinions)} opinions, as many as there may be",
            field="id",
            mend=f"ratchet review show {item.key()}",
        )
    more = _with(item, wanted=max(item.wanted, wanted))
    return more if is_live(item) else let_go(_with(more, decided=None, closed_at=None))


def dropped(item: ReviewItem, name: str, reason: str, now: datetime) -> ReviewItem:
    """Return it closed without an answer."""
    why = {"dropped_by": name, "dropped_reason": reason, "closed_at": now}
    return _with(item, state="dropped", claim=None, **why)


def answered(item: ReviewItem, opinion: Opinion, now: datetime) -> ReviewItem:
    """Return it with an opinion: done, or waiting for the next one.

    Where opinions tie another is wanted. What somebody else holds stays his, whatever was wanted.
    """
    opinions = (*item.opinions, opinion)
    held = is_held(item, now) and not _is_of(item, opinion.by)
    wanted = max(item.wanted, len(opinions) + held)
    decided = majority(opinions)
    if decided is None:
        wanted = max(wanted, min(MAX_WANTED, len(opinions) + 1))
    late = item.late if held else _late(item, opinion.by)
    given = _with(item, opinions=opinions, wanted=wanted, late=late, decided=None, closed_at=None)
    if held:
        return given
    if len(opinions) < wanted:
        return let_go(given)
    return _with(given, state="done", claim=None, decided=decided, closed_at=now)


def without(item: ReviewItem, name: str) -> ReviewItem:
    """Return it without an opinion that was withdrawn: the others decide, if there are any.

    With none left, or where they tie, it waits to be asked again.
    """
    opinions = tuple(one for one in item.opinions if one.by != name)
    left = _with(item, opinions=opinions, taken_back=(*item.taken_back, name))
    if item.state != "done":
        return left
    decided = majority(opinions)
    if decided is None:
        wanted = max(item.wanted, len(opinions) + 1)
        return let_go(_with(left, wanted=wanted, decided=None, closed_at=None))
    return _with(left, wanted=len(opinions), decided=decided)


def majority(opinions: Sequence[Opinion]) -> str | None:
    """Return the class that most opinions name; None of none, or where several lead."""
    if not opinions:
        return None
    (first, most), *others = Counter(one.label for one in opinions).most_common()
    return None if others and others[0][1] == most else first


def require_turn(item: ReviewItem, name: str, now: datetime, *, second: bool = False) -> None:
    """Let through who has claimed it, and has it still or lost it to nobody who has it now.

    A `second` opinion is taken beside what others do. Raises: Refused.
    """
    key = item.key()
    if item.state == "dropped":
        why = f"{item.dropped_by} dropped it: {item.dropped_reason}"
        raise Refused(f"{key} is closed, {why}", field="id", mend="ratchet review next")
    if second:
        if len(item.opinions) + is_held(item, now) >= MAX_WANTED:
            raise Refused(
                f"{key} takes no more opinions", field="id", mend=f"ratchet review show {key}"
            )
    elif not is_live(item):
        raise Refused(f"{key} is done: {item.decided}", field="id", mend=_beside(key))
    elif is_held(item, now) and not _is_of(item, name):
        raise Refused(f"{key} is somebody else's by now", field="id", mend=_beside(key))
    elif not _is_of(item, name) and (name not in item.late or name in item.skipped_by):
        raise Refused(
            f"{name} has not claimed {key}", field="id", mend=f"ratchet review next {key}"
        )


def _beside(key: str) -> str:
    return f"give yours as a second opinion: ratchet review label {key} CLASS --second"


def _is_of(item: ReviewItem, name: str) -> bool:
    """Say whether somebody claimed it last, and nobody since."""
    return item.state == "claimed" and item.claim is not None and item.claim.by == name


def _late(item: ReviewItem, name: str) -> tuple[str, ...]:
    """Return those whose lease ended, with whoever holds it as somebody else takes it."""
    lost = [] if item.state != "claimed" or item.claim is None else [item.claim.by]
    return tuple(one for one in dict.fromkeys((*item.late, *lost)) if one != name)


def _resting(item: ReviewItem) -> ReviewState:
    return "open" if item.escalated_by is None else "escalated"


def _with(item: ReviewItem, **changes: object) -> ReviewItem:
    return item.model_copy(update=changes)
