"""Every replay estimator keeps the same laws, and no file is left unregistered."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts import replay
from ratchet.rollouts.replay import ESTIMATORS, LEFT_OUT, MODELLED
from ratchet.rollouts.replay_log import replay as run
from ratchet.rollouts.replay_rows import Estimator, Rows
from ratchet.rollouts.replay_tally import tally
from ratchet.stats.resample import Resample
from tests.contracts.test_registries import modules
from tests.support.replays import FOUR, units, value

every = pytest.mark.parametrize("terms", ESTIMATORS.values(), ids=ESTIMATORS.keys())
corrected = pytest.mark.parametrize("name", [n for n in ESTIMATORS if n != "dm"])


def drawn(n: int = 600) -> Rows:
    rng = np.random.default_rng(5)
    return Rows(
        unit=units(n),
        reward=rng.random(n),
        propensity=rng.uniform(0.1, 1, n),
        target=rng.random(n),
        fitted=rng.random(n),
        expected=rng.random(n),
    )


def test_every_file_with_terms_is_registered_under_its_name() -> None:
    found = {name: module.terms for name, module in modules(replay).items()}
    assert dict(ESTIMATORS) == found
    assert list(ESTIMATORS) == sorted(ESTIMATORS)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_those_said_to_read_the_model_refuse_to_go_without_and_the_others_do_not(name: str) -> None:
    bare = replace(FOUR, fitted=None, expected=None)
    if name in MODELLED:
        with pytest.raises(InvalidInput, match="wants a reward model"):
            ESTIMATORS[name](bare)
    else:
        assert value(ESTIMATORS[name], bare) == value(ESTIMATORS[name])


def test_those_whose_interval_leaves_out_an_error_of_the_model_say_so_and_come_last() -> None:
    assert set(LEFT_OUT) == {"dm", "switch_dr"}
    n = 600
    rng = np.random.default_rng(5)
    flat = np.full(n, 0.5)
    found = run([Rows(units(n), rng.random(n), flat, flat, fitted=flat, expected=flat)]).estimates
    assert list(found) == ["dr", "ips", "sndr", "snips", "dm", "switch_dr"]
    assert {name: e.leaves_out for name, e in found.items() if e.leaves_out} == LEFT_OUT


@every
def test_terms_are_columns_of_the_rows(terms: Estimator) -> None:
    rows = drawn()
    assert {column.shape for ratio in terms(rows) for column in ratio} == {(len(rows),)}


@every
def test_another_unit_of_reward_scales_the_value(terms: Estimator) -> None:
    rows = drawn()
    assert rows.fitted is not None
    assert rows.expected is not None
    cents = replace(
        rows, reward=100 * rows.reward, fitted=100 * rows.fitted, expected=100 * rows.expected
    )
    assert value(terms, cents) == pytest.approx(100 * value(terms, rows))


@every
def test_a_row_that_stands_for_three_is_three_rows(terms: Estimator) -> None:
    rows, count = drawn(200), np.tile([1.0, 3.0], 100)
    often = np.repeat(np.arange(200), count.astype(np.int64))
    columns = ("unit", "reward", "propensity", "target", "fitted", "expected")
    repeated = Rows(**{name: getattr(rows, name)[often] for name in columns})
    few = tally(replace(rows, count=count), {"it": terms}, Resample())
    many = tally(repeated, {"it": terms}, Resample())
    assert few.values()["it"] == pytest.approx(many.values()["it"])


@corrected
def test_a_log_of_the_target_itself_is_worth_its_mean_reward(name: str) -> None:
    n = 200
    reward = np.tile([0.0, 1.0, 1.0, 1.0], n // 4)
    chance, flat = np.full(n, 0.3), np.full(n, 0.4)
    rows = Rows(units(n), reward, chance, chance, fitted=flat, expected=flat)
    assert value(ESTIMATORS[name], rows) == pytest.approx(0.75)


@pytest.mark.parametrize("name", sorted(MODELLED))
def test_a_model_that_is_right_about_every_row_is_not_corrected(name: str) -> None:
    rows = drawn()
    assert rows.expected is not None
    right = replace(rows, fitted=rows.reward)
    assert value(ESTIMATORS[name], right) == pytest.approx(rows.expected.mean())
