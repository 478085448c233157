"""What a replay refuses, and which field it names."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.rollouts.replay_log import Chunk, replay, replay_weights
from ratchet.rollouts.replay_rows import Rows
from tests.support.replays import LOGGED, explored, units


def flat(n: int, propensity: float, target: float) -> Rows:
    return Rows(units(n), np.ones(n), np.full(n, propensity), np.full(n, target))


def weighted(*weights: float) -> Rows:
    """Return rows of these importance weights, at a propensity of 0.001."""
    w = np.array(weights)
    return Rows(units(len(w)), np.ones(len(w)), np.full(len(w), 0.001), 0.001 * w)


def test_no_rows_are_an_error_of_the_log() -> None:
    nothing = Chunk(units(0), np.array([], np.str_), np.zeros(0), np.zeros(0))
    for log in ([], [nothing]):
        with pytest.raises(InvalidInput, match="the log has no rows") as told:
            replay_weights(log, LOGGED)
        assert told.value.field == "log"
    with pytest.raises(InvalidInput, match="the log has no rows"):
        replay([])


def test_one_unit_is_no_sample() -> None:
    chunk = explored(1_000)
    with pytest.raises(Refused, match="belong to one unit") as told:
        replay_weights([replace(chunk, unit=np.zeros(1_000, np.uint64))], LOGGED)
    assert told.value.field == "unit"


def test_a_log_made_without_chance_is_refused() -> None:
    chunk = explored(1_000)
    with pytest.raises(Refused, match="every propensity is 1") as told:
        replay_weights([replace(chunk, propensity=np.ones(1_000))], LOGGED)
    assert told.value.field == "propensity"


def test_an_arm_that_was_never_taken_is_named() -> None:
    with pytest.raises(Refused, match=r"never took d, e, .* 30\.0%") as told:
        replay_weights([explored(1_000)], {"a": 0.7, "d": 0.1, "e": 0.2})
    assert told.value.field == "weights"


def test_a_hundredth_of_the_target_may_lack_support_and_is_reported() -> None:
    found = replay_weights([explored(5_000)], {"a": 0.495, "b": 0.495, "d": 0.01})
    assert found.support == pytest.approx(0.99)


def test_contexts_where_the_arm_was_certain_support_no_other() -> None:
    chunk = explored(4_000)
    assert chunk.propensity is not None
    certain = np.where(np.arange(4_000) < 400, 1.0, chunk.propensity)
    with pytest.raises(Refused, match="did not take") as told:
        replay_weights([replace(chunk, propensity=certain)], LOGGED)
    assert told.value.field == "target"


def test_support_that_is_given_with_the_rows_is_believed() -> None:
    rows = replace(flat(1_000, 0.5, 0.5), supported=np.full(1_000, 0.9))
    with pytest.raises(Refused, match=r"10\.0% of the target's probability"):
        replay([rows])


def test_a_target_that_takes_none_of_the_logged_actions_is_refused() -> None:
    with pytest.raises(Refused, match=r"100\.0% of the target's probability"):
        replay([flat(1_000, 0.5, 0.0)])


def test_an_effective_sample_under_50_is_refused() -> None:
    with pytest.raises(Refused, match="at least 50 are wanted") as told:
        replay([flat(40, 0.5, 0.5)])
    assert told.value.field == "target"


def test_an_effective_sample_under_a_hundredth_of_the_rows_is_refused() -> None:
    # 70 rows of weight 100 among 10,000 of none: 70 of 10,000, above 50 and below a hundredth.
    with pytest.raises(Refused, match=r"as much as .* at least 100 are wanted"):
        replay([weighted(*[100.0] * 70, *[0.0] * 9_930)])


def test_few_units_with_many_rows_are_an_effective_sample_of_units() -> None:
    rows = replace(flat(2_000, 0.5, 0.5), unit=np.repeat(units(20), 100))
    with pytest.raises(Refused, match="2000 rows of 20 units say as much as"):
        replay([rows])


def test_one_row_may_not_carry_more_than_a_tenth_of_all_weight() -> None:
    # (500 + 60)**2 / (500 + 60**2) = 76 effective rows, and 60 / 560 = 10.7 % on one.
    with pytest.raises(Refused, match=r"one row carries 10\.7% of all weight") as told:
        replay([weighted(60.0, *[1.0] * 500)])
    assert told.value.field == "propensity"


def test_propensities_that_are_not_those_of_the_log_are_found_out() -> None:
    chunk = explored(5_000)
    with pytest.raises(Refused, match="these are not the probabilities") as told:
        replay_weights([replace(chunk, propensity=np.full(5_000, 0.5))], {"a": 0.5, "c": 0.5})
    assert told.value.field == "propensity"


def test_propensities_a_little_off_are_doubted_and_not_refused() -> None:
    # 0.55 for what was 0.5: the weights average 0.5 / 0.55 = 0.909, where 1 is wanted.
    found = replay([flat(1_000, 0.55, 0.5)])
    assert found.mean_weight == pytest.approx(0.909, abs=5e-4)
    assert found.mean_weight_error == pytest.approx(0, abs=1e-12)
    assert found.doubt.startswith("the propensities look wrong: their weights average 0.909 +- ")
    assert found.doubt.endswith(", and 1 is wanted")
    with pytest.raises(Refused, match="these are not the probabilities"):
        replay([flat(1_000, 0.6, 0.5)])


def test_a_mean_weight_that_chance_explains_is_not_doubted() -> None:
    chunk = explored(5_000)
    found = replay_weights([chunk], {"c": 1.0})
    # Weights are 5 with chance 0.2: their mean's standard error is sqrt(4 / 5,000) = 0.0283.
    assert found.mean_weight_error == pytest.approx(0.0283, rel=0.1)
    assert found.doubt == ""
    assert replay([flat(1_000, 0.333, 1 / 3)]).doubt != ""
    assert replay([flat(1_000, 0.3333, 1 / 3)]).doubt == ""


def test_support_that_is_missing_is_no_doubt_of_the_propensities() -> None:
    found = replay_weights([explored(5_000)], {"a": 0.495, "b": 0.495, "d": 0.01})
    assert found.doubt == ""


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_reward_that_is_no_number_is_named_with_its_row(bad: float) -> None:
    first, second = explored(100), explored(100)
    second.reward[17] = bad
    with pytest.raises(InvalidInput, match=r"reward of row 117 \(from 0\) is") as told:
        replay_weights([first, second], LOGGED)
    assert told.value.field == "reward"


def test_rewards_wider_than_the_span_are_named_with_their_row() -> None:
    first, second = explored(100), explored(100)
    second.reward[17] = 3.5
    with pytest.raises(InvalidInput, match=r"reward of row 117 \(from 0\) is 3\.5") as told:
        replay_weights([first, second], LOGGED)
    assert told.value.field == "reward"
    assert told.value.mend == "span=3.5 or more: the width of the rewards' range"
    assert replay_weights([first, second], LOGGED, span=3.5).rows == 200
    first.reward[:] = second.reward[:] = -7.0  # of any height, since the span is a width
    assert replay_weights([first, second], LOGGED).rows == 200


@pytest.mark.parametrize("span", [0.0, -1.0, np.nan, np.inf])
def test_a_span_that_is_no_width_is_refused(span: float) -> None:
    with pytest.raises(InvalidInput, match="the span is") as told:
        replay_weights([explored(100)], LOGGED, span=span)
    assert (told.value.field, bool(told.value.mend)) == ("span", True)


@pytest.mark.parametrize("bad", [np.nan, 0.0, -0.1, 1.1, 1e-12])
def test_a_propensity_that_cannot_be_is_named_with_its_row(bad: float) -> None:
    chunk = explored(100)
    assert chunk.propensity is not None
    chunk.propensity[3] = bad
    with pytest.raises(InvalidInput, match=r"propensity of row 3 \(from 0\) is") as told:
        replay_weights([chunk], LOGGED)
    assert told.value.field == "propensity"


def test_a_log_without_propensities_says_that_they_cannot_be_found_later() -> None:
    with pytest.raises(InvalidInput, match="the log has no propensity") as told:
        replay_weights([replace(explored(100), propensity=None)], LOGGED)
    assert told.value.field == "propensity"
    assert "cannot be found afterwards" in told.value.mend


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({}, "the weights sum to 0"),
        ({"a": 0.5, "b": 0.4}, r"the weights sum to 0\.9"),
        ({"a": 1.5, "b": -0.5}, r"the weight of a is 1\.5"),
        ({"a": float("nan"), "b": 1.0}, "the weight of a is nan"),
    ],
)
def test_weights_that_are_no_probabilities_are_refused(
    weights: dict[str, float], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message) as told:
        replay_weights([explored(100)], weights)
    assert told.value.field == "weights"


def test_a_log_that_can_be_read_only_once_is_refused_before_it_is_read() -> None:
    log = iter([explored(100)])
    with pytest.raises(InvalidInput, match="can be read only once") as told:
        replay_weights(log, LOGGED)
    assert told.value.field == "log"
    assert len(list(log)) == 1


def test_columns_of_another_length_are_refused() -> None:
    chunk = explored(100)
    for field, cut in {
        "reward": replace(chunk, reward=chunk.reward[1:]),
        "arm": replace(chunk, arm=chunk.arm[1:]),
        "count": replace(chunk, count=np.ones(99)),
    }.items():
        with pytest.raises(InvalidInput, match=f"{field} has the shape") as told:
            replay_weights([cut], LOGGED)
        assert told.value.field == field


@pytest.mark.parametrize(
    ("field", "values"),
    [("target", 1.2), ("target", np.nan), ("supported", -0.1), ("fitted", np.nan), ("count", 0.0)],
)
def test_every_column_of_rows_is_checked(field: str, values: float) -> None:
    rows = replace(flat(100, 0.5, 0.5), fitted=np.ones(100), expected=np.ones(100))
    with pytest.raises(InvalidInput, match=f"{field} of row 0") as told:
        replay([replace(rows, **{field: np.full(100, values)})])
    assert told.value.field == field


def test_half_a_model_is_refused() -> None:
    with pytest.raises(InvalidInput, match="both fitted and expected") as told:
        replay([replace(flat(100, 0.5, 0.5), fitted=np.ones(100))])
    assert told.value.field == "expected"


@pytest.mark.parametrize(
    ("seeds", "replicates", "field"),
    [((), 200, "seeds"), ((1, 1), 200, "seeds"), ((0,), 9, "replicates")],
)
def test_a_bootstrap_that_cannot_be_is_refused(
    seeds: tuple[int, ...], replicates: int, field: str
) -> None:
    with pytest.raises(InvalidInput) as told:
        replay([flat(100, 0.5, 0.5)], seeds=seeds, replicates=replicates)
    assert told.value.field == field
