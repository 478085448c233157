"""`heuristic_training`: an agent's model becomes a draft, with how much hangs on its folds."""

import pytest

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor
from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.labels.uses import LABEL_USES
from ratchet.policies.history import get_version
from ratchet.policies.version import key_parts
from ratchet.runs.studies.runners.heuristic_training import run
from ratchet.runs.studies.runners.runner import Desk
from ratchet.runs.studies.study import Result, Study
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Query, Store
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    TUNER,
    draft,
    promote,
    statuses,
    switch_flags,
)
from tests.support.taught import AGENT, label, observed, put, taught

pytestmark = pytest.mark.slow

pytest.importorskip("sklearn")


def trained(
    store: Store, reader: ConfigReader, actor: Actor = TUNER, name: str = "s1", policy: str = POLICY
) -> Result:
    study = Study(
        id=name,
        type="heuristic_training",
        component=AGENT,
        policy=policy,
        hypothesis="urgent ones are good",
        started_by="person",
        actor="ada",
        created_at=NOON,
        updated_at=NOON,
    )
    desk = Desk(store, KEYS, reader, actor, StudySettings(seeds=3), NOON, "test")
    return run(desk, study)


@pytest.fixture
def reader(embedded: Store) -> ConfigReader:
    """A reader, where urgent observations of an agent were labelled good, but one in ten."""
    switch_flags(embedded)
    draft(embedded)
    promote(embedded, "1.0.0")
    return taught(embedded)


def test_it_drafts_a_model_and_says_how_much_hangs_on_its_folds(
    embedded: Store, reader: ConfigReader
) -> None:
    result = trained(embedded, reader)
    assert (result.state, result.version) == ("succeeded", f"{POLICY}@1.0.1")
    made = get_version(embedded, KEYS, *key_parts(f"{POLICY}@1.0.1"))
    assert made.params["heuristic"]
    assert result.stability is not None
    assert (result.stability.seeds, result.stability.agreeing) == (3, 3)
    # a share of one half costs ln 2 = 0.693 a label; right in nine of ten, 0.325 at best
    assert result.gain is not None
    assert 0.2 < result.gain < 0.693 - 0.325 + 0.02
    assert result.stability.sd is not None
    assert 0 < result.stability.sd < 0.05


def test_taken_up_again_it_ends_with_the_draft_that_it_made_and_its_labels(
    embedded: Store, reader: ConfigReader
) -> None:
    first = trained(embedded, reader)
    uses = [found.ref for found in embedded.query(Query(LABEL_USES))]
    for ref in uses:  # as if it had died before it said what it learned from
        embedded.delete(ref)
    ids = observed(embedded, "other", [{"urgent": True, "size": 1}])
    put(embedded, [label(AGENT, ids[0], "bad")])
    again = trained(embedded, reader, ADA)
    assert (again.state, again.version) == (first.state, first.version)
    assert list(statuses(embedded)) == ["1.0.0", "1.0.1"]
    assert set(uses) <= {found.ref for found in embedded.query(Query(LABEL_USES))}


def test_an_equal_model_that_others_drafted_is_nothing_new(
    embedded: Store, reader: ConfigReader
) -> None:
    trained(embedded, reader)
    other = trained(embedded, reader, name="s2")
    assert (other.state, other.version) == ("failed", None)
    assert other.reasons[0] == f"{POLICY}@1.0.1 says the same"


def test_a_machine_drafts_nothing_of_noise_and_a_person_may(
    embedded: Store, reader: ConfigReader
) -> None:
    ids = [f"of-{AGENT}.{i}" for i in range(60)]
    words = ["good", "good", "bad", "bad"]  # whether urgent or not
    put(embedded, [label(AGENT, one, words[i % 4]) for i, one in enumerate(ids)])
    result = trained(embedded, reader)
    assert result.state == "failed"
    assert result.reasons[0].startswith("under 0 of 3 seeds")
    assert result.version is None
    assert statuses(embedded) == {"1.0.0": "active"}
    assert trained(embedded, reader, ADA).state == "succeeded"


def test_too_few_labels_and_another_policy_are_told(embedded: Store, reader: ConfigReader) -> None:
    with pytest.raises(Refused, match=f"carried by {POLICY}, not by other"):
        trained(embedded, reader, policy="other")
    for found in embedded.query(Query("ops_labels")):
        embedded.delete(found.ref)
    with pytest.raises(InvalidInput, match="has 0 labels with features"):
        trained(embedded, reader)
