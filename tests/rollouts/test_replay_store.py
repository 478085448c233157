"""Replays that are kept: found again, computed again, and what a changed log or record shows."""

from datetime import timedelta

import pytest

from ratchet.kernel.errors import BadSignature, InvalidInput, NotFound, Refused
from ratchet.kernel.seal import sealed
from ratchet.policies.activate import activate
from ratchet.policies.propose import propose
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.replay_document import REPLAYS, question_of
from ratchet.rollouts.replay_store import (
    ReplayChecked,
    check_replay,
    get_replay,
    last_replay,
    require_same,
    run_replay,
)
from ratchet.store.port import Query, Ref, Store
from tests.support.drawn import ACTIVE, EARNED, GEMINI_BETTER, MORE_GEMINI, Drawn, drawn
from tests.support.governed import ADA, KEYS, PARAMS, POLICY, SPACE, WEIGHTS, draft, promote
from tests.support.observing import NOON, ids

GAIN = 0.2 * (0.9 - 0.2) * EARNED  # a fifth of the traffic goes from gpt-5 to gemini


def check(it: Drawn, replay_id: str) -> ReplayChecked:
    return check_replay(it.store, KEYS, it.worker.reader, replay_id)


def test_a_replay_says_what_both_would_have_earned_and_is_kept(store: Store) -> None:
    it = drawn(store)
    it.serve(GEMINI_BETTER)
    replay = it.replay()
    found = replay.result.difference["sndr"]
    assert found.value == pytest.approx(GAIN, abs=0.01)
    assert 0 < found.low < found.value < found.high
    assert (replay.version, replay.champion) == (it.draft.key(), ACTIVE)
    assert (replay.param, replay.champion_weights) == ("modelWeights", WEIGHTS)
    assert (replay.epoch, replay.log.rows) == (1, 400)
    assert get_replay(store, KEYS, replay.id) == last_replay(store, KEYS, POLICY) == replay


def test_the_same_question_of_the_same_log_is_one_document(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_BETTER, 200)
    assert it.replay() == it.replay()
    assert len(ids(embedded, REPLAYS)) == 1


def test_the_newest_replay_of_a_policy_is_found(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_BETTER, 200)
    it.replay()
    it.worker.later(timedelta(hours=1))
    it.serve(GEMINI_BETTER, 200)
    newest = it.replay()
    assert last_replay(embedded, KEYS, POLICY) == newest
    assert newest.log.rows == 400


def test_computed_again_it_is_the_same_whatever_came_in_since(store: Store) -> None:
    it = drawn(store)
    it.serve(GEMINI_BETTER)
    replay = it.replay()
    it.worker.later(timedelta(hours=2))
    it.serve(GEMINI_BETTER, 100)
    checked = check(it, replay.id)
    assert (checked.result, checked.rows, checked.rows_now) == ("equal", 400, 400)
    require_same(checked)


def test_late_grades_are_named_by_their_hour_and_are_no_fault(embedded: Store) -> None:
    it = drawn(embedded)
    served = it.serve(GEMINI_BETTER, 200)
    replay = it.replay()
    it.worker.feedback({"obsId": f"{served}.0", "source": "ada", "grade": 0.1})
    it.worker.later()
    it.worker.fold()
    checked = check(it, replay.id)
    assert (checked.result, checked.changed) == ("changed", ("2026031012",))
    require_same(checked)


def test_rows_that_are_gone_are_counted(embedded: Store) -> None:
    it = drawn(embedded)
    first = it.serve(GEMINI_BETTER, 200)
    it.serve(GEMINI_BETTER, 200)
    replay = it.replay()
    embedded.delete(Ref("ops_observations", first))
    checked = check(it, replay.id)
    assert (checked.result, checked.rows, checked.rows_now) == ("changed", 400, 200)


def test_figures_that_do_not_follow_from_the_rows_are_refused(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_BETTER, 200)
    replay = it.replay()
    better = replay.result.difference["sndr"].model_copy(update={"low": 0.5})
    result = replay.result.model_copy(
        update={"difference": replay.result.difference | {"sndr": better}}
    )
    forged = sealed(KEYS, replay.model_copy(update={"result": result}))
    embedded.set(Ref(REPLAYS, replay.id), forged.to_map())
    checked = check(it, replay.id)
    assert checked.result == "differs"
    with pytest.raises(Refused, match="is not what follows from its rows"):
        require_same(checked)


def test_another_program_is_named(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_BETTER, 200)
    replay = it.replay()
    older = sealed(KEYS, replay.model_copy(update={"code": "0.0.1"}))
    embedded.set(Ref(REPLAYS, replay.id), older.to_map())
    assert check(it, replay.id).note.startswith("computed by 0.0.1, now ")


def test_a_replay_that_was_edited_by_hand_is_refused(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_BETTER, 200)
    replay = it.replay()
    embedded.set(Ref(REPLAYS, replay.id), replay.to_map() | {"version": f"{POLICY}@1.0.9"})
    for read in (get_replay, last_replay):
        with pytest.raises(BadSignature):
            read(embedded, KEYS, POLICY if read is last_replay else replay.id)


def test_what_there_is_not_is_named(embedded: Store) -> None:
    it = drawn(embedded)
    with pytest.raises(NotFound, match="replay x does not exist"):
        get_replay(embedded, KEYS, "x")
    with pytest.raises(NotFound, match=f"{POLICY} has no replay"):
        last_replay(embedded, KEYS, POLICY)
    with pytest.raises(NotFound, match="policy other does not exist"):
        run_replay(embedded, KEYS, it.worker.reader, "other", "1.0.0", now=NOON)


def test_a_policy_with_nothing_active_has_nothing_to_be_held_against(embedded: Store) -> None:
    it = drawn(embedded)
    propose(embedded, KEYS, ADA, "new", PARAMS, now=NOON, reason="x", tuning_space=SPACE)
    with pytest.raises(Refused) as told:
        run_replay(embedded, KEYS, it.worker.reader, "new", "1.0.0", now=NOON)
    assert told.value.field == "champion"


@pytest.mark.parametrize("hours", [0, -1, 721, float("nan")])
def test_hours_that_no_log_has_are_refused(embedded: Store, hours: float) -> None:
    with pytest.raises(InvalidInput) as told:
        drawn(embedded).replay(hours=hours)
    assert told.value.field == "hours"


def test_a_log_without_a_draw_is_refused_with_what_was_there_instead(embedded: Store) -> None:
    it = drawn(embedded)
    with pytest.raises(Refused, match=r"no draw of these arms yet \(") as told:
        it.replay()
    assert told.value.field == "log"
    it.serve(GEMINI_BETTER, 20, propensity=None)
    with pytest.raises(Refused, match="yet: 20 noPropensity"):
        it.replay()
    assert ids(embedded, REPLAYS) == []


def test_too_few_rows_are_refused_and_nothing_is_kept(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_BETTER, 20)
    with pytest.raises(Refused, match="at least 50 are wanted"):
        it.replay()
    assert embedded.query(Query(REPLAYS)) == []


def versions(store: Store, params: dict[str, object]) -> tuple[PolicyVersion, PolicyVersion]:
    champion = draft(store, now=NOON)
    promote(store, "1.0.0", now=NOON)
    return champion, draft(store, params, now=NOON)


def test_params_that_change_beside_the_weights_are_named(embedded: Store) -> None:
    question = question_of(*versions(embedded, MORE_GEMINI | {"latencyTargetMs": 2600}))
    assert (question.param, question.beside) == ("modelWeights", ("latencyTargetMs",))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"latencyTargetMs": 2600}, "changes no weights"),
        ({"prompts": {"system": "be kind"}}, "changes prompts: no log holds what it does"),
        (MORE_GEMINI | {"maxCostUsd": 0.08}, "changes maxCostUsd: no log"),
        ({"modelWeights": {"gpt-5": 0.4, "gemini": 0.4, "mistral": 0.2}}, "has other arms"),
    ],
)
def test_what_no_log_of_draws_can_tell_is_refused(
    embedded: Store, changed: dict[str, object], why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        question_of(*versions(embedded, PARAMS | changed))


def test_the_weights_of_two_params_at_once_are_refused(embedded: Store) -> None:
    params = {"modelWeights": {"a": 0.5, "b": 0.5}, "depth": {"c": 0.5, "d": 0.5}}
    moved = {"modelWeights": {"a": 0.4, "b": 0.6}, "depth": {"c": 0.4, "d": 0.6}}
    space = {name: {"kind": "simplex"} for name in params}
    champion = propose(embedded, KEYS, ADA, "two", params, now=NOON, reason="x", tuning_space=space)
    activate(embedded, KEYS, ADA, "two", "1.0.0", now=NOON, reason="x")
    version = propose(embedded, KEYS, ADA, "two", moved, now=NOON, reason="x")
    with pytest.raises(InvalidInput, match="changes depth and modelWeights at once"):
        question_of(champion, version)
