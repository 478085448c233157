"""What a judge earns: agreement beyond chance, and nothing where it knows nothing."""

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import cohen_kappa_score  # type: ignore[import-untyped]  # it has no types

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.judge_accuracy import (
    Judged,
    Margins,
    calibration_error,
    cohen_kappa,
    judge_accuracy,
    margins,
    skewness,
)
from ratchet.stats.moments import Floats, Ints


def judged(said: Ints, label: Ints, **columns: Any) -> Judged:
    """Return judgements of now, one a subject, without confidence."""
    n = len(said)
    whole = Judged(
        said=said,
        label=label,
        confidence=np.full(n, np.nan),
        sure=np.ones(n),
        age=np.zeros(n),
        subject=np.arange(n),
        classes=3,
    )
    return replace(whole, **columns)


def labels(n: int, good: float = 0.5, seed: int = 1) -> Ints:
    """Return labels of two classes, 0 with this share."""
    return (np.random.default_rng(seed).random(n) >= good).astype(np.int64)


def right(label: Ints, skill: float, seed: int = 2) -> Ints:
    """Return what a judge says that is right with this probability."""
    return np.where(np.random.default_rng(seed).random(len(label)) < skill, label, 1 - label)


def test_a_good_judge_earns_its_agreement_beyond_chance_shrunk_by_its_number() -> None:
    label = np.repeat([0, 1], 50)
    said = label.copy()
    said[[0, 1, 2, 3, 4, 50, 51, 52, 53, 54]] ^= 1  # ten in a hundred are wrong
    found = judge_accuracy(judged(said, label))
    assert found.agreement == pytest.approx(0.9)
    assert found.chance_corrected == pytest.approx(0.8)
    assert found.weight == pytest.approx(0.8 * 100 / 120)
    assert found.finding is None


def test_a_judge_that_follows_the_majority_earns_nothing_and_is_named() -> None:
    label = labels(200, good=0.9)
    always = judge_accuracy(judged(np.zeros(200, np.int64), label))
    assert always.agreement > 0.85  # by which it would be among the best
    assert (always.weight, always.finding) == (0.0, "majority")
    mostly = np.where(np.random.default_rng(5).random(200) < 0.96, 0, 1)
    nearly = judge_accuracy(judged(mostly, label))
    assert (nearly.weight, nearly.finding) == (0.0, "majority")


def test_a_judge_that_flips_its_scale_earns_nothing_and_is_named() -> None:
    label = labels(60)
    found = judge_accuracy(judged(right(label, 0.1), label))
    assert (found.weight, found.finding) == (0.0, "flipped")


@pytest.mark.parametrize("good", [0.5, 0.8])
def test_a_judge_that_answers_at_random_earns_nothing_and_is_named(good: float) -> None:
    label = labels(1000, good)
    for share in (0.5, good):
        found = judge_accuracy(judged(labels(1000, share, seed=7), label))
        assert (found.weight, found.finding) == (0.0, "random")


def test_a_judge_that_says_the_rare_class_of_everything_knows_nothing() -> None:
    label = labels(100, good=0.8)
    found = judge_accuracy(judged(np.ones(100, np.int64), label))
    assert (found.weight, found.finding) == (0.0, "random")


@pytest.mark.parametrize(
    ("said", "label", "why"),
    [
        (labels(9), labels(9), "9.0 effective judgements, 10 wanted"),
        (labels(50), np.zeros(50, np.int64), "of one class only"),
        (labels(12, seed=3), right(labels(12, seed=3), 0.7), "standard error"),
        (np.r_[1, 1, np.zeros(48, int)], np.r_[1, 1, np.zeros(48, int)], "of the rarer classes"),
        (labels(0), labels(0), "no label bears on it"),
    ],
)
def test_of_too_few_labels_nothing_is_said_and_nothing_earned(
    said: Ints, label: Ints, why: str
) -> None:
    found = judge_accuracy(judged(said, label))
    assert (found.weight, found.finding) == (0.0, "few")
    assert why in found.reason


def test_chance_is_rarely_rewarded_and_skill_rarely_denied() -> None:
    earned = []
    denied = []
    for seed in range(200):
        label = labels(100, seed=seed)
        earned.append(judge_accuracy(judged(right(label, 0.5, seed + 1000), label)).weight > 0)
        knows = judge_accuracy(judged(right(label, 0.8, seed + 1000), label))
        denied.append(knows.finding is not None)
    assert np.mean(earned) <= 0.02  # 0.5 % of looks, by design
    assert np.mean(denied) <= 0.02


def test_guessing_the_frequent_class_mostly_is_rewarded_no_oftener_than_any_guess() -> None:
    earned = []
    for seed in range(1500):
        rng = np.random.default_rng(seed)
        said, label = rng.random((2, 1000)) < 0.05
        found = judge_accuracy(judged(said.astype(np.int64), label.astype(np.int64)))
        earned.append(found.weight > 0)
    assert np.mean(earned) <= 0.01  # 0.5 % by design; by normal theory alone 1.3 %


def test_an_old_judgement_counts_half_after_each_half_life() -> None:
    label = np.zeros(4, np.int64)
    said = np.array([0, 1, 1, 1])
    age = np.array([0.0, 7.0, 14.0, 14.0])
    found = judge_accuracy(judged(said, label, age=age))
    assert found.agreement == pytest.approx(0.5)  # of 1, 1/2, 1/4 and 1/4
    assert found.effective_n == pytest.approx(2**2 / (1 + 1 / 4 + 2 / 16))
    slower = judge_accuracy(judged(said, label, age=age), half_life=14)
    assert slower.agreement == pytest.approx(1 / (1 + 0.5**0.5 + 1))


def test_what_was_drawn_counts_by_the_inverse_of_its_probability() -> None:
    said, label = np.array([0, 1, 1, 1, 1, 1]), np.zeros(6, np.int64)
    chosen = np.array([0.1, 0.5, 0.5, 0.5, 0.5, 0.5])
    found = judge_accuracy(judged(said, label, propensity=chosen))
    assert found.agreement == pytest.approx(0.5)  # one of 10 is right, five of 2 are wrong
    assert found.effective_n == pytest.approx(20**2 / (10**2 + 5 * 2**2))
    # Two more that nobody drew, both right, say as much as two subjects.
    said, label = np.append(said, [0, 0]), np.zeros(8, np.int64)
    both = judge_accuracy(judged(said, label, propensity=np.append(chosen, [np.nan] * 2)))
    assert both.effective_n == pytest.approx(10 / 3 + 2)
    assert both.agreement == pytest.approx((10 / 3 * 0.5 + 2) / (10 / 3 + 2))


def test_good_judges_are_not_taken_for_guessers_by_labels_of_where_they_disagree() -> None:
    rng = np.random.default_rng(4)
    label = labels(12_000)
    said = [right(label, 0.8, seed) for seed in (5, 6)]
    chance = np.where(said[0] == said[1], 0.01, 0.1)
    at = np.flatnonzero(rng.random(12_000) < chance)
    for one in said:
        plain = judge_accuracy(judged(one[at], label[at]))
        assert plain.chance_corrected < 0.25
        found = judge_accuracy(judged(one[at], label[at], propensity=chance[at]))
        assert found.chance_corrected == pytest.approx(0.6, abs=0.12)
        assert found.weight > 0.4


def test_repeats_of_one_subject_are_worth_one_judgement() -> None:
    label = labels(40)
    said = right(label, 0.8)
    once = judge_accuracy(judged(said, label))
    thrice = judged(np.repeat(said, 3), np.repeat(label, 3), subject=np.repeat(np.arange(40), 3))
    again = judge_accuracy(thrice)
    assert again.effective_n == pytest.approx(once.effective_n)
    assert again.weight == pytest.approx(once.weight)


def test_a_label_that_is_half_sure_counts_half_and_one_sure_of_nothing_not_at_all() -> None:
    said, label = np.array([0, 1, 1]), np.zeros(3, np.int64)
    found = judge_accuracy(judged(said, label, sure=np.array([1.0, 0.5, 0.0])))
    assert found.agreement == pytest.approx(2 / 3)
    assert found.n == 2


def test_the_plain_weight_is_agreement_less_half_the_calibration_error() -> None:
    label = np.repeat([0, 1], 50)
    said = label.copy()
    said[:20] ^= 1
    found = judge_accuracy(judged(said, label, confidence=np.full(100, 0.9)))
    assert found.calibration_error == pytest.approx(0.1)  # it says 0.9 and is right 0.8 of the time
    assert found.plain == pytest.approx(0.8 - 0.05)
    silent = judge_accuracy(judged(said, label))
    assert silent.calibration_error is None
    assert silent.plain == pytest.approx(0.8)


def test_calibration_is_taken_over_bins_of_equal_mass() -> None:
    confidence = np.repeat([0.55, 0.65, 0.95], [20, 20, 60])
    correct = np.r_[np.ones(20), np.zeros(20), np.ones(60)]
    # Ten bins: each confidence has its own, whatever their number.
    each = 0.2 * 0.45 + 0.2 * 0.65 + 0.6 * 0.05
    assert calibration_error(confidence, correct, np.ones(100)) == pytest.approx(each)
    # Two: 0.55 and 0.65 share one, and their errors against each other.
    two = 0.4 * abs(0.6 - 0.5) + 0.6 * 0.05
    assert calibration_error(confidence, correct, np.ones(100), bins=2) == pytest.approx(two)
    # Of 19 judgements there is one bin, since ten are the least of one.
    few = calibration_error(confidence[10:29], correct[10:29], np.ones(19))
    assert few == pytest.approx(abs((10 * 0.55 + 9 * 0.65) / 19 - 10 / 19))


def test_kappa_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    said, label = rng.integers(0, 3, 80), rng.integers(0, 3, 80)
    said[:50] = label[:50]
    w = rng.random(80)
    kappa, _ = cohen_kappa(margins(said, label, w, 3), 80)
    assert kappa == pytest.approx(cohen_kappa_score(label, said, sample_weight=w), abs=1e-12)


def test_skewness_is_the_third_moment_over_all_pairs_of_classes() -> None:
    label, said = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.7, 0.2])
    chance = np.outer(label, said)
    term = np.eye(3) - said[:, None] - label + label @ said
    wanted = (chance * term**3).sum() / (chance * term**2).sum() ** 1.5 / np.sqrt(50)
    assert skewness(Margins(label, said, 0.0), 50) == pytest.approx(wanted)


def test_very_many_classes_take_no_more_memory_than_there_are_judgements() -> None:
    label = np.arange(5000)
    said = np.where(label % 4, label, (label + 4) % 5000)
    tracemalloc.start()
    found = judge_accuracy(judged(said, label, classes=5000))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.weight == pytest.approx(0.75, abs=0.01)  # 25 million pairs would be 200 MB
    assert most < 10e6


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"age": np.array([-1.0, 0.0])}, "age"),
        ({"age": np.zeros(3)}, "judged"),
        ({"propensity": np.array([0.5, 0.0])}, "propensity"),
        ({"propensity": np.ones(3)}, "propensity"),
        ({"label": np.array([0, 3])}, "label"),
        ({"said": np.array([-1, 0])}, "said"),
        ({"sure": np.array([0.5, 1.1])}, "sure"),
        ({"subject": np.array([-1, 0])}, "subject"),
    ],
)
def test_columns_outside_their_ranges_are_refused(columns: dict[str, Any], field: str) -> None:
    whole = judged(np.array([0, 1]), np.array([0, 1]))
    with pytest.raises(InvalidInput) as refused:
        judge_accuracy(replace(whole, **columns))
    assert refused.value.field == field


CLASSES = arrays(np.int64, 30, elements=st.integers(0, 2))
AGES = arrays(np.float64, 30, elements=st.floats(0, 30))
SURE = arrays(np.float64, 30, elements=st.floats(0.01, 1))
CONFIDENCES = arrays(np.float64, 30, elements=st.just(np.nan) | st.sampled_from([0.3, 0.6, 0.9]))
SUBJECTS = arrays(np.int64, 30, elements=st.integers(0, 25))


@given(CLASSES, CLASSES, CONFIDENCES, SURE, AGES, SUBJECTS, st.permutations(range(30)))
def test_weights_are_0_to_1_and_no_order_of_rows_or_classes_matters(
    said: Ints,
    label: Ints,
    confidence: Floats,
    sure: Floats,
    age: Floats,
    subject: Ints,
    order: list[int],
) -> None:
    one = Judged(said, label, confidence, sure, age, subject, 3)
    found = judge_accuracy(one)
    assert 0 <= found.weight <= 1
    assert (found.weight == 0) == (found.finding is not None)
    turned = np.array([2, 0, 1])
    other = judge_accuracy(
        Judged(
            turned[said][order],
            turned[label][order],
            confidence[order],
            sure[order],
            age[order],
            subject[order],
            3,
        )
    )
    assert other.weight == pytest.approx(found.weight, abs=1e-9)
    assert other.agreement == pytest.approx(found.agreement, abs=1e-9)
    assert other.effective_n == pytest.approx(found.effective_n)
    if found.calibration_error is not None:
        assert other.calibration_error == pytest.approx(found.calibration_error, abs=1e-9)
