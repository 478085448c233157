"""Feedback: what people said of an observation is a label of it; what judges said never is."""

from collections.abc import Iterable, Sequence
from functools import partial

from ratchet.kernel.each import each
from ratchet.kernel.errors import InvalidInput
from ratchet.labels.feeds.feed import Feed, Found, Look, naming, sharded
from ratchet.labels.label import Label
from ratchet.labels.scale import Said, grade, outcome
from ratchet.observe.fold import WAIT
from ratchet.observe.grade import RESERVED, Feedback
from ratchet.observe.observation import COLLECTION, item_ids, items_of, split_id
from ratchet.store.limits import check_id
from ratchet.store.port import Ref, Snapshot, Store

SOURCE = "feedback"
Given = tuple[Snapshot, Feedback]


def _read(look: Look, page: Sequence[Snapshot]) -> Found:
    # Judges' words must not become labels, and the review queue writes labels of its own.
    people = [stored for stored in page if stored.data.get("source") not in RESERVED]
    given = list(each(people, naming(_given), look.tell))
    agents = _agents(look.store, {split_id(one.obs_id)[0] for _, one in given})
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


def _agents(store: Store, documents: Iterable[str]) -> dict[str, str]:
    """Return the component of each observation of some documents, by the observation's id."""
    found = store.get_many([Ref(COLLECTION, name) for name in sorted(documents)])
    agents: dict[str, str] = {}
    for stored in found:
        if stored is not None:
            names = item_ids(stored.ref.id, stored.data)
            items = items_of(stored.data)
            agents |= {n: str(i.get("component")) for n, i in zip(names, items, strict=True)}
    return agents


def _label(look: Look, given: Feedback, agent: str, stored: Snapshot) -> Label:
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
