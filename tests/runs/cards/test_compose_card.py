"""A card from the sums of its days: models, failures and changes, by hand."""

import pytest

from ratchet.kernel.clock import DAY
from ratchet.runs.cards.card import Card
from ratchet.runs.cards.card_settings import CardSettings
from ratchet.runs.cards.compose_card import compose_card
from ratchet.runs.trend import RunDay, RunTrend, VersionDay
from ratchet.stats.run_sums import ModelSums, RunSums
from tests.support.run_days import COMPONENT, NOON, TODAY, moments, runs


def composed(*days: tuple[int, RunSums], least: int = 2) -> Card:
    """Return the card of some days, each told by how long ago it was."""
    listed = tuple(
        RunDay(day=TODAY - back * DAY, sums=sums, versions={f"p@1.0.{back}": VersionDay(runs=1)})
        for back, sums in sorted(days, key=lambda day: -day[0])
    )
    return compose_card(
        RunTrend(component=COMPONENT, days=listed, updated_at=NOON),
        claims=(),
        closed_until=None,
        studies=(),
        active="p@1.0.0",
        settings=CardSettings(least_model_runs=least),
        now=NOON,
    )


def test_models_are_ranked_by_reward_and_by_loss_where_no_reward_is_known() -> None:
    models = {
        "a": ModelSums(reward=moments([0.4, 0.6], "reward"), loss=moments([0.1, 0.1])),
        "b": ModelSums(reward=moments([0.7, 0.9], "reward"), loss=moments([0.9, 0.9])),
        "c": ModelSums(loss=moments([0.0, 0.1])),
        "d": ModelSums(reward=moments([1.0], "reward"), loss=moments([0.0])),
    }
    found = composed((0, RunSums(runs=7, models=models))).models
    assert [(m.model, m.by, round(m.mean, 6), m.runs) for m in found] == [
        ("b", "reward", 0.8, 2),
        ("a", "reward", 0.5, 2),
        ("c", "loss", 0.95, 2),
    ]
    assert [m.interval for m in found] == [None] * 3  # of one day


def test_models_that_differ_from_day_to_day_have_intervals_that_hold_for_all_at_once() -> None:
    days = [
        RunSums(
            runs=40,
            models={
                "a": ModelSums(reward=moments([mean - 0.01, mean + 0.01] * 10, "reward")),
                "b": ModelSums(loss=moments([mean - 0.01, mean + 0.01] * 10)),
            },
        )
        for mean in (0.3, 0.5, 0.2, 0.4)
    ]
    first, second = composed(*enumerate(days)).models
    # Days: 0.35 -+ 0.0645497 x 4.177, the t of three degrees for 97.5 %, as there are two models.
    reach = 0.0645497 * 4.1765
    assert first.interval is not None
    assert second.interval is not None
    ends = (first.interval.low, first.interval.high, second.interval.low, second.interval.high)
    assert ends == pytest.approx((0.35 - reach, 0.35 + reach, 0.65 - reach, 0.65 + reach), abs=3e-3)


def test_failures_are_shares_of_the_runs_that_would_tell_and_of_those_before() -> None:
    now = RunSums(
        runs=20,
        outcomes={"success": 2, "timeout": 8},
        errors={"HTTP_429": 5},
        gates={"tests": 2},
        gates_seen=8,
    )
    then = RunSums(runs=10, outcomes={"success": 10}, gates_seen=0)
    found = composed((0, now), (40, then)).failures
    assert [(f.kind, f.name, f.runs, f.share, f.before) for f in found] == [
        ("outcome", "timeout", 8, 0.8, 0.0),
        ("error", "HTTP_429", 5, 0.25, 0.0),
        ("gate", "tests", 2, 0.25, None),
    ]
    # Wilson's interval of 8 in 10.
    assert found[0].interval.low == pytest.approx(0.490, abs=0.001)
    assert found[0].interval.high == pytest.approx(0.943, abs=0.001)


def test_names_that_are_counted_together_are_said_and_not_listed() -> None:
    sums = RunSums(
        runs=2,  # of 20 models each: 19 and `other` are counted by name, `other` 21 times
        models={
            "a": ModelSums(loss=moments([0.1, 0.1])),
            "other": ModelSums(loss=moments([0] * 21)),
        },
        errors={"E1": 1, "other": 1},
        gates={"tests": 1, "other": 2},
        gates_seen=2,
    )
    card = composed((0, sums))
    assert [m.model for m in card.models] == ["a"]
    assert [(f.kind, f.name) for f in card.failures] == [("error", "E1"), ("gate", "tests")]
    assert card.unlisted == ("model", "error", "gate")
    assert composed((0, RunSums(runs=1, errors={"E1": 1}))).unlisted == ()


def test_the_last_30_days_count_the_present_one_among_them() -> None:
    card = composed((0, runs(0.1)), (29, runs(0.2)), (30, runs(0.9)))
    assert card.runs == 2
    assert card.loss_week.mean == pytest.approx(0.1)
    assert card.loss_month.mean == pytest.approx(0.15)
    assert card.loss_month.before == pytest.approx(0.9)
    assert card.policy_version == "p@1.0.0"


def test_a_component_whose_runs_are_long_past_has_an_empty_card() -> None:
    card = composed()
    assert (card.runs, card.loss_month.mean, card.models, card.failures) == (0, None, (), ())
