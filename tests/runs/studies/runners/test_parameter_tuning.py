"""`parameter_tuning`: what most seeds say is drafted and replayed; or why nothing is."""

from datetime import timedelta

import pytest

from ratchet.govern.config import ConfigReader
from ratchet.kernel.errors import NotFound, Refused
from ratchet.policies.history import get_version
from ratchet.rollouts.replay_store import get_replay
from ratchet.runs.studies.runners import parameter_tuning
from ratchet.runs.studies.runners.parameter_tuning import run
from ratchet.runs.studies.runners.runner import Desk
from ratchet.runs.studies.study import Result, Study
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Store
from ratchet.tune.view import Suggestion, View
from tests.support.drawn import ALIKE, GEMINI_BETTER, GEMINI_WORSE, Drawn, drawn
from tests.support.governed import KEYS, POLICY, TUNER, head_of, statuses
from tests.support.observing import Worker
from tests.support.tuning import loop, weights_of


def study(**fields: object) -> Study:
    """Return a study that somebody runs."""
    given = {
        "id": "s1",
        "type": "parameter_tuning",
        "component": "planner",
        "policy": POLICY,
        "hypothesis": "better weights",
        "started_by": "person",
        "actor": "ada",
        "created_at": 0,
        "updated_at": 0,
    }
    return Study.parse(given | fields)


def tuned(store: Store, worker: Worker, **fields: object) -> Result:
    now, reader = worker.clock(), ConfigReader(store, worker.clock)
    return run(Desk(store, KEYS, reader, TUNER, StudySettings(seeds=4), now), study(**fields))


def served(store: Store, rates: dict[str, float]) -> Drawn:
    """Return a policy of which a day's draws are known."""
    it = drawn(store)
    it.serve(rates)
    it.worker.roll()
    return it


def test_what_the_seeds_agree_on_is_drafted_and_replayed_on_the_log(embedded: Store) -> None:
    it = served(embedded, GEMINI_BETTER)
    result = tuned(embedded, it.worker)
    assert (result.state, result.version) == ("succeeded", f"{POLICY}@1.0.2")
    made = get_version(embedded, KEYS, POLICY, "1.0.2")
    assert made.change_class == "allocation"
    assert weights_of(made)["gemini"] > 0.25
    assert result.stability is not None
    assert (result.stability.seeds, result.stability.agreeing) == (4, 4)
    assert result.stability.sd is not None
    assert result.stability.sd < 0.02
    # gemini succeeds in 90 % and gpt-5 in 20 %, a success is worth 0.85, and 0.2 of the traffic
    # is the step: 0.2 x 0.85 x 0.7
    assert result.gain is not None
    assert result.gain == pytest.approx(0.119, abs=0.02)
    assert result.gain_interval is not None
    assert 0 < result.gain_interval.low < result.gain < result.gain_interval.high
    replay = result.reasons[0].rpartition(": ")[2]
    assert get_replay(embedded, KEYS, replay).version == result.version


def test_taken_up_again_it_ends_with_the_draft_that_it_made(embedded: Store) -> None:
    it = served(embedded, GEMINI_BETTER)
    first = tuned(embedded, it.worker)
    it.serve(GEMINI_WORSE)  # the evidence is another since
    it.worker.later(timedelta(minutes=5))
    it.worker.roll()
    again = tuned(embedded, it.worker)
    assert (again.state, again.version) == (first.state, first.version)
    assert list(statuses(embedded)) == ["1.0.0", "1.0.1", "1.0.2"]


def test_without_a_log_the_gain_is_what_the_tuner_expects(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False)
    it.report("gemini", 100)
    result = tuned(embedded, it.worker)
    made = get_version(embedded, KEYS, POLICY, "1.0.1")
    assert made.proposal is not None
    assert result.gain == made.proposal.expected_gain
    assert result.reasons[0].startswith("no replay: the log has no draw")


def test_nothing_to_suggest_is_a_failure_with_the_reasons(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 29, ok=False)
    result = tuned(embedded, it.worker)
    assert (result.state, result.version) == ("failed", None)
    assert "modelWeights: 29 randomised draws in the window, 30 of an arm wanted" in result.reasons
    assert statuses(embedded) == {"1.0.0": "active"}


def test_a_draft_that_says_the_same_already_is_not_made_again(embedded: Store) -> None:
    it = served(embedded, GEMINI_BETTER)
    tuned(embedded, it.worker)
    other = tuned(embedded, it.worker, id="s2")
    assert other.state == "failed"
    assert other.reasons == (f"{POLICY}@1.0.2 is a draft that says the same",)


def test_what_seeds_do_not_agree_on_is_not_drafted(
    embedded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = served(embedded, ALIKE)

    def fickle(view: View) -> Suggestion:
        first = 0.5 + 0.05 * (view.seed % 2)
        said = {"gpt-5": first, "gemini": 0.85 - first, "claude": 0.15}
        return Suggestion(("chance",), {"modelWeights": said})

    monkeypatch.setattr(parameter_tuning, "TUNERS", {"fickle": fickle})
    result = tuned(embedded, it.worker)
    assert (result.state, result.reasons) == ("failed", ("2 of 4 seeds say the same",))


def test_a_policy_that_cannot_be_tuned_now_says_why(embedded: Store) -> None:
    it = loop(embedded)
    with pytest.raises(NotFound, match="no version of nobody is active"):
        tuned(embedded, it.worker, policy="nobody")
    frozen = head_of(embedded).model_copy(update={"rollout": f"{POLICY}-r9"})
    embedded.transact(lambda tx: tx.put(frozen))
    with pytest.raises(Refused, match=f"frozen while rollout {POLICY}-r9 runs"):
        tuned(embedded, it.worker)
