"""The router's figure: its own code on real questions, and how curves are compared."""

import numpy as np
import pytest

from bench import router
from bench.router import Point
from ratchet.labels.heuristics.settings import AgentHeuristic


def test_between_two_points_quality_lies_on_their_line_and_beyond_them_it_stays() -> None:
    points = [Point(0.5, 0.6), Point(0.1, 0.4)]
    assert [router.at_cost(points, c) for c in (0.1, 0.3, 0.9)] == pytest.approx([0.4, 0.5, 0.6])


def test_every_question_is_valued_by_models_that_did_not_see_it() -> None:
    rows = [(set(train), set(test)) for train, test in router.folds(103)]
    assert sorted(i for _, test in rows for i in test) == list(range(103))
    assert all(train | test == set(range(103)) and not train & test for train, test in rows)


@pytest.mark.slow
@pytest.mark.skipif(not router.DATA.exists(), reason=f"no {router.DATA.name} beside the project")
def test_on_real_questions_a_router_over_two_models_beats_the_better_one() -> None:
    asked, names = router.read_questions(router.DATA), sorted(router.PRICES)
    two = ("llama-3.1-nemotron-51b-instruct", "llama-3.3-nemotron-super-49b-v1")
    features = {n: s.to_map() for n, s in router.WANTED.specs.items() if n != "questionWords"}
    given = {"policy": "p", "model": "logistic", "features": features}
    wanted = AgentHeuristic.parse(given | {"arms": dict.fromkeys(two, 0.65)})
    raw = [{name: known[name] for name in features} for known in asked.raw[::4]]
    scores = asked.scores[::4, [names.index(model) for model in two]]
    values = router.routed(router.Questions(raw, scores), wanted)
    routed = scores[np.arange(len(scores)), values.argmax(axis=1)].mean()
    assert routed > scores.mean(axis=0).max() + 0.01
