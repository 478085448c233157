"""Train an agent's model by a study of its own, as a person asks for it."""

from typing import NamedTuple

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor
from ratchet.kernel.clock import Clock
from ratchet.kernel.errors import InvalidInput, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.labels.heuristics.draft import Drafted
from ratchet.labels.heuristics.train import Trained, wanted_of
from ratchet.runs.studies.end_study import end_study
from ratchet.runs.studies.run_study import begin_study, failed
from ratchet.runs.studies.runners.heuristic_training import learn
from ratchet.runs.studies.runners.runner import Desk
from ratchet.runs.studies.start_study import plan_study
from ratchet.runs.studies.study import Study
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Store


class TrainedByStudy(NamedTuple):
    """A model, its draft, and the study that made both."""

    trained: Trained
    drafted: Drafted
    study: Study


def train_by_study(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    agent: str,
    *,
    actor: Actor,
    reason: str,
    clock: Clock,
) -> TrainedByStudy:
    """Plan a study of an agent's model, train it and draft it; what fails is kept, and raised.

    Raises: NotFound where nothing is configured for the agent; InvalidInput with too few labels,
    or without a reason; Forbidden; AlreadyExists where such a study is open.
    """
    settings = reader.read(StudySettings)
    planned = plan_study(
        store,
        keys,
        actor,
        type="heuristic_training",
        component=agent,
        policy=wanted_of(reader, agent).policy,
        hypothesis=f"the labels of {agent} say more than its share of a yes alone",
        reason=reason,
        now=clock(),
    )
    study = begin_study(store, keys, actor, planned.id, settings, now=clock(), reason=reason)
    try:
        learned = learn(Desk(store, keys, reader, actor, settings, clock(), reason), study)
    except (InvalidInput, NotFound, Refused) as error:
        end_study(store, keys, actor, study.id, failed(error), attempt=study.attempts, now=clock())
        raise
    ended = end_study(
        store, keys, actor, study.id, learned.result, attempt=study.attempts, now=clock()
    )
    assert learned.drafted is not None  # a person's is drafted, whatever it gains
    return TrainedByStudy(learned.trained, learned.drafted, ended)
