"""People's labels correct the judges' scores, with an interval that covers."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.aggregate import prediction_powered
from ratchet.labels.aggregate.prediction_powered import prediction_powered_mean
from ratchet.stats.intervals import wilson
from ratchet.stats.moments import Floats
from tests.support.raters import real_rows, voted


def test_scores_that_follow_the_labels_take_all_their_noise() -> None:
    scores = np.array([0.0, 1.0] * 500)
    labels = np.array([0.0, 1.0] * 20)
    found = prediction_powered_mean(scores, labels, labels)
    assert found.tuning == pytest.approx(1 / (1 + 40 / 1000), rel=0.03)
    assert found.mean == pytest.approx(0.5)
    assert found.high - found.low < 0.12  # of the labels alone it is 0.32


def test_a_constant_bias_of_the_judge_is_taken_off_whole() -> None:
    rng = np.random.default_rng(1)
    truth = rng.random(2000) * 0.6
    scores = truth + 0.3
    found = prediction_powered_mean(scores, scores[:100], truth[:100])
    assert found.mean == pytest.approx(truth.mean(), abs=0.01)
    assert found.low < truth.mean() < found.high < scores.mean()


def test_scores_that_say_nothing_leave_the_labels_own_mean() -> None:
    labels = np.array([1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0])
    same = prediction_powered_mean(np.full(50, 0.7), np.full(8, 0.7), labels)
    assert (same.tuning, same.mean) == (0.0, 0.5)
    # The t interval of eight labels: 0.5 -+ 2.365 * sqrt(2 / 7 / 8).
    assert same.high - 0.5 == pytest.approx(2.365 * 0.18898, rel=0.01)
    against = prediction_powered_mean(np.array([0.0, 1.0] * 25), 1 - labels, labels)
    assert against.tuning == 0.0


def test_labels_that_leave_no_doubt_are_taken_as_if_one_differed() -> None:
    found = prediction_powered_mean(np.ones(500), np.ones(25), np.ones(25))
    assert found.mean == pytest.approx(1)
    assert found.error == pytest.approx(1 / 25)


def test_few_heavy_labels_that_agree_leave_the_doubt_of_so_few() -> None:
    labels, chosen = np.r_[1.0, 1.0, np.zeros(18)], np.r_[0.01, 0.01, np.full(18, 0.9)]
    found = prediction_powered_mean(np.ones(500), np.ones(20), labels, chosen)
    assert found.mean == pytest.approx(200 / 220)
    # 220 ** 2 / (2 x 100 ** 2 + 18 / 0.81) equal labels say as much.
    assert found.error == pytest.approx(1 / 2.4173, abs=0.01)


def test_items_chosen_by_their_score_count_by_the_inverse_of_their_chance() -> None:
    rng = np.random.default_rng(2)
    score = rng.random(4000)
    truth = (rng.random(4000) < score * 0.5).astype(float)
    chance = 0.02 + 0.2 * score
    covered, plain = 0, 0
    for _ in range(100):
        at = np.flatnonzero(rng.random(4000) < chance)
        found = prediction_powered_mean(score, score[at], truth[at], chance[at])
        covered += found.low <= truth.mean() <= found.high
        naive = wilson(float(truth[at].mean()), len(at))
        plain += naive.holds(float(truth.mean()))
    assert covered >= 90
    assert plain <= 20


@pytest.mark.parametrize(
    ("scores", "labelled", "labels", "chosen", "field"),
    [
        (np.ones(3), np.ones(1), np.ones(1), None, "labels"),
        (np.ones(0), np.ones(2), np.ones(2), None, "labels"),
        (np.ones(3), np.ones(2), np.ones(3), None, "labels"),
        (np.ones(3), np.ones(2), np.ones(2), np.array([0.5, 0.0]), "propensity"),
        (np.ones(3), np.ones(2), np.ones(2), np.ones(3), "propensity"),
    ],
)
def test_what_corrects_nothing_is_refused(
    scores: Floats, labelled: Floats, labels: Floats, chosen: Floats | None, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        prediction_powered_mean(scores, labelled, labels, chosen)
    assert refused.value.field == field


def test_shares_of_classes_are_corrected_for_judges_that_favour_one() -> None:
    votes, truth = voted((0.75,), items=3000, labels=300)
    swayed = np.where(np.random.default_rng(4).random(3000) < 0.3, 1, votes.label)
    found = prediction_powered.aggregate(
        replace(votes, label=swayed, known=np.where(votes.is_known, truth, -1))
    )
    rate = float((truth == 1).mean())
    assert found.low is not None
    assert found.high is not None
    assert found.low[1] < rate < found.high[1] < float(swayed.mean())


def test_without_labels_nothing_is_corrected() -> None:
    with pytest.raises(InvalidInput, match="no item is labelled"):
        prediction_powered.aggregate(voted((0.9,))[0])


def test_100_labels_correct_what_a_judge_says_of_first_answers() -> None:
    told = real_rows("pandalm.csv")
    people = [Counter(row[f"human{i}"] for i in (1, 2, 3)).most_common(1)[0] for row in told]
    won = np.array([said == "1" and times >= 2 for said, times in people], float)
    judge = np.array([row["gpt_3_5"] == "1" for row in told], float)
    assert (round(won.mean(), 3), round(judge.mean(), 3)) == (0.422, 0.46)
    rng = np.random.default_rng(7)
    samples = [rng.choice(len(won), 100, replace=False) for _ in range(500)]
    found = [prediction_powered_mean(judge, judge[at], won[at]) for at in samples]
    assert np.mean([one.low <= won.mean() <= one.high for one in found]) >= 0.93
    assert np.mean([one.high - one.low for one in found]) < 0.175  # of labels alone 0.194
    assert not wilson(float(judge.mean()), len(judge)).holds(float(won.mean()))
