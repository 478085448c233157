"""Grade observations by their judges: the weighted mean of what they say becomes feedback."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from statistics import fmean

from pydantic import TypeAdapter, ValidationError

from ratchet.govern.config import ConfigReader
from ratchet.kernel.each import each
from ratchet.labels.judgement import JUDGEMENTS, Judgement
from ratchet.labels.scale import named
from ratchet.labels.settings import JudgeSettings
from ratchet.labels.weigh import weights_of
from ratchet.observe.feedback import feedback_ref, write_feedback
from ratchet.observe.grade import JUDGES, Feedback, Grade, JudgeWord, ObservationId
from ratchet.observe.items import items_by_id
from ratchet.observe.observation import COLLECTION, split_id
from ratchet.observe.settings import Ingest
from ratchet.store.port import MAX_IN, Filter, Query, Ref, Store
from ratchet.store.transact import Transaction

# The reward says whose words it heard, and those of a batch of 500 are one document of 1 MiB: were
# it full, no person's grade would find room in it either.
HEARD = 8
_ID: TypeAdapter[str] = TypeAdapter(ObservationId)


def grade_subjects(
    store: Store, reader: ConfigReader, agent: str, subjects: Sequence[str], *, now: datetime
) -> int:
    """Give the word of its judges as feedback on each subject that is the agent's observation.

    Returns for how many it is another than before. Judges that earned no weight do not count.
    """
    if not reader.read(JudgeSettings).grade:
        return 0
    # What cannot be read of one judge keeps no other's word from counting.
    weights = {w.judge: w.weight for w in weights_of(store, agent, _passed_over).values()}
    if not any(weights.values()):
        return 0
    ingest = reader.read(Ingest)
    graded = 0
    found = list(_observed(store, agent, subjects))
    for start in range(0, len(found), MAX_IN):
        some = found[start : start + MAX_IN]
        body = partial(_grade, agent=agent, subjects=some, weights=weights, ingest=ingest, now=now)
        graded += store.transact(body, self_checking=True)
    return graded


def judge_words(
    judgements: Iterable[Judgement], weights: Mapping[str, float]
) -> tuple[JudgeWord, ...]:
    """Return each judge's score of one subject: of the version that it judged with last, the mean.

    Both positions and all repeats count alike. A judge without a weight, or a score, has no word;
    of very many, the weightiest have theirs.
    """
    words: list[JudgeWord] = []
    scored = sorted((j for j in judgements if _score(j) is not None), key=_order)
    for judge, by_judge in groupby(scored, key=lambda j: j.judge):
        said = list(by_judge)
        weight = weights.get(judge, 0.0)
        if not weight:
            continue
        version = said[-1].judge_version
        mean = fmean(_score(j) or 0.0 for j in said if j.judge_version == version)
        words.append(JudgeWord(judge=judge, version=version, weight=weight, score=mean))
    heard = sorted(words, key=lambda word: -word.weight)[:HEARD]
    return tuple(sorted(heard, key=lambda word: word.judge))


def weighted(words: Sequence[JudgeWord]) -> float:
    """Return the weighted mean of words, 0..1.

    >>> a = JudgeWord(judge="a", weight=0.75, score=1.0)
    >>> weighted([a, JudgeWord(judge="b", weight=0.25, score=0.0)])
    0.75
    """
    whole = sum(word.weight for word in words)
    return min(1.0, sum(word.weight * word.score for word in words) / whole)


def _grade(
    tx: Transaction,
    agent: str,
    subjects: Sequence[str],
    weights: Mapping[str, float],
    ingest: Ingest,
    now: datetime,
) -> int:
    # The former words first: a grader that stores between these reads makes this one run again.
    tx.fetch([feedback_ref(subject, JUDGES) for subject in subjects])
    query = Query(
        JUDGEMENTS, (Filter("agent", "==", agent), Filter("subject", "in", tuple(subjects)))
    )
    said: dict[str, list[Judgement]] = {subject: [] for subject in subjects}
    for judgement in each(tx.query(query), lambda s: Judgement.from_store(s.data), _passed_over):
        said[judgement.subject].append(judgement)
    graded = 0
    for subject, judgements in said.items():
        words = judge_words(judgements, weights)
        if not words:
            continue
        grade = Grade(obs_id=subject, source=JUDGES, grade=weighted(words))
        known = tx.find(Feedback, feedback_ref(subject, JUDGES).id)
        if known is None or (known.grade, known.judges) != (grade.grade, words):
            graded += write_feedback(tx, grade, ingest=ingest, now=now, judges=words)
    return graded


def _observed(store: Store, agent: str, subjects: Iterable[str]) -> Iterator[str]:
    """Yield the subjects that are observations of an agent, as they are stored."""
    wanted = [subject for subject in dict.fromkeys(subjects) if _is_observation(subject)]
    documents = list(dict.fromkeys(split_id(subject)[0] for subject in wanted))
    found = store.get_many([Ref(COLLECTION, document_id) for document_id in documents])
    there = (document for document in found if document is not None)
    agents = {
        name: item.get("component")
        for items in each(there, items_by_id, _passed_over)
        for name, item in items.items()
    }
    yield from (subject for subject in wanted if agents.get(subject) == agent)


def _is_observation(subject: str) -> bool:
    try:
        _ID.validate_python(subject)
    except ValidationError:
        return False
    return True


def _score(judgement: Judgement) -> float | None:
    if judgement.score is not None or judgement.label is None:
        return judgement.score
    return named(judgement.label).value


def _order(judgement: Judgement) -> tuple[str, datetime, str]:
    return judgement.judge, judgement.recorded_at, judgement.key()


def _passed_over(error: Exception) -> None:
    """Leave it out: whoever weighs or lists the judges tells of it."""
