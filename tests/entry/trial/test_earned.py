"""Earned: what weights would have earned, by replay where there are propensities, and else not."""

from pathlib import Path

import numpy as np
import pytest

from ratchet.entry.trial.columns import Told
from ratchet.entry.trial.earned import EVERY, ONLY, parse_weights, suggest
from ratchet.kernel.errors import InvalidInput
from tests.support.trial_logs import lines, tried, two_arms


@pytest.mark.parametrize("text", ["a=0.7,b=0.3", " a=0.7 , b=0.3", "b=3e-1,a=.7"])
def test_weights_are_parts_of_one(text: str) -> None:
    assert parse_weights(text, ["a", "b"]) == {"a": 0.7, "b": 0.3}


def test_a_weight_without_its_share_is_told_so() -> None:
    for text in ("a", "a=0.7,b", "t=0.2"):
        with pytest.raises(InvalidInput, match="has no =SHARE") as caught:
            parse_weights(text, ["a", "b", "t=0.2"])
        assert "=SHARE, like a=0.7,b=0.3; the arms are a, b" in caught.value.mend


def test_an_arm_may_have_an_equals_sign_in_its_name() -> None:
    assert parse_weights("t=0.2=1", ["t=0.2"]) == {"t=0.2": 1.0}


@pytest.mark.parametrize("text", ["", "a", "a=x", "c=1", "a=0.7", "a=1.5,b=-0.5", "a=nan,b=1"])
def test_what_are_no_weights_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_weights(text, ["a", "b"])
    assert (caught.value.field, bool(caught.value.mend)) == ("weights", True)


def test_the_better_arm_is_suggested_and_equal_arms_share() -> None:
    den = np.full((3, 256), 10.0)
    num = np.stack([np.full(256, 2.0), np.full(256, 8.0), np.full(256, 8.0)])
    found = suggest(["a", "b", "c"], num, den, seed=1)
    assert found == {"b": pytest.approx(0.5, abs=0.01), "c": pytest.approx(0.5, abs=0.01)}
    assert sum(found.values()) == pytest.approx(1)


def test_nothing_is_suggested_of_nothing() -> None:
    assert suggest(["a", "b"], np.zeros((2, 256)), np.zeros((2, 256)), seed=1) == {}


def test_replay_of_the_logs_own_weights_is_what_the_log_earned(tmp_path: Path) -> None:
    report = tried(two_arms(tmp_path / "t.csv", a=0.4, b=0.8), weights="a=0.75,b=0.25")
    assert report.weights is not None
    assert report.weights.replay is not None
    assert report.weights.logged is not None
    snips = report.weights.replay.estimates["snips"]
    assert snips.value == pytest.approx(report.weights.logged.value)


def test_replay_of_other_weights_holds_what_they_would_earn(tmp_path: Path) -> None:
    report = tried(two_arms(tmp_path / "t.csv", a=0.4, b=0.8), weights="a=0.2,b=0.8")
    assert report.weights is not None
    assert report.weights.replay is not None
    assert report.weights.value is None
    for name in ("ips", "snips", "dr", "sndr"):
        estimate = report.weights.replay.estimates[name]
        assert estimate.low < 0.2 * 0.4 + 0.8 * 0.8 < estimate.high
        assert estimate.high - estimate.low < 0.1


def test_a_suggestion_is_judged_on_units_that_did_not_make_it(tmp_path: Path) -> None:
    report = tried(two_arms(tmp_path / "t.csv", rows=4000, a=0.4, b=0.8))
    assert report.weights is not None
    assert report.weights.weights == {"b": 1.0}
    assert "the other half" in report.weights.how
    assert report.weights.replay is not None
    assert 1700 < report.weights.replay.rows < 2300


def test_replay_that_refuses_is_told_with_its_reason(tmp_path: Path) -> None:
    rows = [f"{'ab'[i % 2]},{i % 3 % 2},1" for i in range(400)]
    file = lines(tmp_path / "t.csv", "arm,ok,propensity", *rows)
    report = tried(file, weights="a=1")
    assert report.weights is not None
    assert report.weights.refused is not None
    assert "every propensity is 1" in report.weights.refused["reason"]


def test_rows_without_a_propensity_are_left_out_and_counted(tmp_path: Path) -> None:
    file = two_arms(tmp_path / "t.csv")
    with file.open("a") as log:
        log.write("1767225600,x,a,1,,,\n" * 7)
    report = tried(file, weights="a=0.5,b=0.5")
    assert report.weights is not None
    assert report.weights.left_out == 7


def test_without_propensities_the_means_are_descriptive_only(tmp_path: Path) -> None:
    rows = ["a,1"] * 30 + ["a,0"] * 10 + ["b,1"] * 5 + ["b,0"] * 15
    report = tried(lines(tmp_path / "t.csv", "arm,ok", *rows), weights="a=0.6,b=0.4")
    assert report.weights is not None
    assert report.weights.value is not None
    assert report.weights.value.value == pytest.approx(0.6 * 0.75 + 0.4 * 0.25)
    assert report.weights.said == ONLY


@pytest.mark.parametrize(
    ("column", "said"), [("p", "p looks like one; --propensity p"), ("note", "")]
)
def test_a_column_that_looks_like_a_propensity_and_was_not_read_is_named(
    tmp_path: Path, column: str, said: str
) -> None:
    rows = [f"{'ab'[i % 2]},{i % 3 % 2},70" for i in range(60)]
    file = lines(tmp_path / "t.csv", f"arm,ok,{column}", *rows)
    report = tried(file, weights="a=0.6,b=0.4")
    assert report.weights is not None
    assert said in report.weights.said
    assert ("no propensity was read" in report.weights.said) == bool(said)
    left_out = tried(file, weights="a=0.6,b=0.4", told=Told(parts={"propensity": "none"}))
    assert left_out.weights is not None
    assert left_out.weights.said == ONLY


def test_a_replay_of_latencies_has_room_for_the_range_that_the_log_shows(tmp_path: Path) -> None:
    # Of 4,000 rows at their own weights, 3 of 4,000 may be unmet: 3 / 4,000 of the range, 1,600 ms.
    rows = [f"u{i},{'ab'[i % 2]},0.5,{2000 if i == 7 else 400}" for i in range(4000)]
    file = lines(tmp_path / "t.csv", "user,arm,propensity,latency_ms", *rows)
    report = tried(file, weights="a=0.5,b=0.5", goal="latency")
    assert report.weights is not None
    assert report.weights.replay is not None
    snips = report.weights.replay.estimates["snips"]
    assert snips.high - snips.value >= 1.2
    assert snips.value - snips.low >= 1.2


def test_where_every_unit_has_every_arm_the_means_are_what_would_be_earned(tmp_path: Path) -> None:
    rows = [f"{u},{arm},{u % 2}" for u in range(60) for arm in "ab"]
    report = tried(lines(tmp_path / "t.csv", "unit,arm,ok", *rows), weights="a=0.6,b=0.4")
    assert report.weights is not None
    assert report.weights.said == EVERY
