"""Feedback: what people said of an observation is a label of it; what judges said never is."""

from collections.abc import Iterable, Sequence
from functools import partial

from ratchet.kernel.each import each
from ratchet.kernel.errors import InvalidInput
from ratchet.labels.feeds.feed import Feed, Found, Look, sharded
from ratchet.labels.label import Label
from ratchet.labels.scale import Said, grade, outcome
from ratchet.observe.fold import WAIT
from ratchet.observe.grade import RESERVED, Feedback
from ratchet.observe.items import items_by_id
from ratchet.observe.observation import COLLECTION, split_id
from ratchet.store.limits import check_id
from ratchet.store.named import naming
from ratchet.store.port import Ref, Snapshot

SOURCE = "feedback"
Given = tuple[Snapshot, Feedback]


def _read(look: Look, page: Sequence[Snapshot]) -> Found:
    # Judges' words must not become labels, and the review queue writes labels of its own.
    machines = {*RESERVED, *look.judges}
    given = [one for one in each(page, naming(_given), look.tell) if one[1].source not in machines]
    agents = _agents(look, {split_id(one.obs_id)[0] for _, one in given})
    labels: list[Label] = []
    waiting: list[Snapshot] = []
    for stored, one in given:
        if one.obs_id in agents:
            label = partial(_label, look, one, agents[one.obs_id])
            labels += each([stored], naming(label), look.tell)
        elif look.now < one.ingested_at + WAIT:
            waiting.append(stored)
        else:
            about = f"{stored.ref}: there is no observation {one.obs_id}"
            look.tell(InvalidInput(about, field="obsId"))
    return Found(labels, waiting)


def _given(stored: Snapshot) -> Given:
    given = Feedback.from_store(stored.data)
    check_id(COLLECTION, split_id(given.obs_id)[0])
    return stored, given


def _agents(look: Look, documents: Iterable[str]) -> dict[str, object]:
    """Return the component of each observation of some documents, by the observation's id."""
    found = look.store.get_many([Ref(COLLECTION, name) for name in sorted(documents)])
    there = (stored for stored in found if stored is not None)
    return {
        name: item.get("component")
        for items in each(there, naming(items_by_id), look.tell)
        for name, item in items.items()
    }


def _label(look: Look, given: Feedback, agent: object, stored: Snapshot) -> Label:
    return look.label(
        _said(given),
        agent=agent,
        subject=given.obs_id,
        source=SOURCE,
        source_id=stored.ref.id,
        labeller=given.source,
        ts=given.ts,
        features_ref=f"{COLLECTION}/{given.obs_id}",
    )


def _said(given: Feedback) -> Said:
    """Return the grade; an outcome alone is a word too, which is less sure.

    Raises: InvalidInput where there is neither.
    """
    if given.grade is not None:
        return grade(given.grade)
    if given.outcome is not None:
        return outcome(given.outcome)
    raise InvalidInput("neither a grade nor an outcome", field="grade")


FEED = Feed(partial(sharded, Feedback.collection, "ingestedAt"), _read)
