"""Training by a study: the draft names its study, and an attempt that fails is kept as well."""

import pytest

from ratchet.kernel.errors import AlreadyExists, InvalidInput, NotFound
from ratchet.policies.history import get_version
from ratchet.runs.studies.list_studies import list_studies
from ratchet.runs.studies.train_study import TrainedByStudy, train_by_study
from ratchet.store.port import Query, Store
from tests.support.governed import ADA, KEYS, POLICY, assert_agreement
from tests.support.studying import Desk, desk, told
from tests.support.taught import AGENT, CONFIG, taught

pytest.importorskip("sklearn")


def train(at: Desk, agent: str = AGENT, reason: str = "test") -> TrainedByStudy:
    at.configure(seeds=2)
    return train_by_study(
        at.store, KEYS, at.reader, agent, actor=ADA, reason=reason, clock=at.clock
    )


def test_a_persons_draft_is_that_of_a_study(embedded: Store) -> None:
    at = desk(embedded)
    taught(embedded)
    made = train(at)
    assert made.study.state == "succeeded"
    assert made.study.version == made.drafted.version == f"{POLICY}@1.0.1"
    version = get_version(embedded, KEYS, POLICY, "1.0.1")
    assert (version.created_by, version.notes) == ("ada", f"of study {made.study.id}")
    assert [(action, to) for action, _, to, _ in told(embedded)] == [
        ("study-plan", "planned"),
        ("study-start", "running"),
        ("study-end", "succeeded"),
    ]
    again = train(at)
    assert (again.drafted.new, again.study.state) == (False, "failed")
    assert_agreement(embedded)


def test_a_policy_may_begin_with_a_model(embedded: Store) -> None:
    at = desk(embedded)
    taught(embedded, config=CONFIG | {"policy": "fresh"})
    assert train(at).study.version == "fresh@1.0.0"


def test_too_few_labels_are_raised_and_the_attempt_is_kept(embedded: Store) -> None:
    at = desk(embedded)
    taught(embedded, 49)
    with pytest.raises(InvalidInput, match="49 labels with features, 50 are wanted"):
        train(at)
    (study,) = list_studies(embedded, policy=POLICY)
    assert study.state == "failed"
    assert study.reasons[0].startswith("critic has 49 labels")
    assert at.on_roster() == []


def test_what_is_refused_before_it_begins_leaves_no_study(embedded: Store) -> None:
    at = desk(embedded)
    with pytest.raises(NotFound):
        train(at, "painter")
    taught(embedded)
    with pytest.raises(InvalidInput) as refused:
        train(at, reason="")
    assert refused.value.field == "reason"
    at.plan("heuristic_training", component=AGENT)
    with pytest.raises(AlreadyExists):
        train(at)
    assert len(embedded.query(Query("ops_studies"))) == 1
