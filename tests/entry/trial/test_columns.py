"""Columns: what is guessed, what is told, and what is refused."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ratchet.entry.trial.columns import Columns, Told, find_columns
from ratchet.kernel.errors import InvalidInput

MODELS = ["a", "b", "a"]


def found(sample: Mapping[str, Sequence[Any]], **said: Any) -> Columns:
    """Return the columns of a sample."""
    return find_columns(sample, Told(**said))


def readings(columns: Columns) -> dict[str, tuple[str, str]]:
    """Return the column and the reading of each part."""
    return {part: (c.column, c.reading) for part, c in columns.parts.items()}


def test_a_log_as_many_write_it_is_guessed_whole() -> None:
    columns = found(
        {
            "createdAt": ["2026-01-01", "2026-01-02", ""],
            "model": MODELS,
            "status_code": ["200", "429", "200"],
            "rating": ["5", "1", ""],
            "latency": ["0.9", "1.4", "3"],
            "price": ["0.1", "0.2", "0.3"],
            "prompt": ["x", "y", "z"],
        }
    )
    assert readings(columns) == {
        "arm": ("model", ""),
        "outcome": ("status_code", ""),
        "quality": ("rating", "graded 1..5"),
        "latency": ("latency", "seconds, guessed from its size"),
        "cost": ("price", "US $"),
        "ts": ("createdAt", ""),
    }
    assert columns.unused == ("prompt",)


def test_the_units_of_a_name_are_believed() -> None:
    columns = found(
        {"model": MODELS, "duration_us": ["5", "7", "9"], "cost_cents": ["1", "2", "3"]}
    )
    assert (columns.parts["latency"].scale, columns.parts["cost"].scale) == (1e-3, 1e-2)


def test_the_size_of_a_latency_says_its_unit_where_its_name_does_not() -> None:
    assert found({"model": MODELS, "latency": ["300", "20", "900"]}).parts["latency"].scale == 1.0
    told = found({"model": MODELS, "latency": ["3", "2", "9"]}, latency_unit="ms")
    assert told.parts["latency"].scale == 1.0


@pytest.mark.parametrize(
    ("grades", "scale"),
    [
        (["0", "1", "0.5"], (0, 1)),
        (["1", "5", "4"], (1, 5)),
        (["0", "4.5", "3"], (0, 5)),
        (["2", "8", "9"], (1, 10)),
        (["0", "8", "9"], (0, 10)),
        (["55", "80", "99"], (0, 100)),
        (["-1", "1", "0"], (-1, 1)),
    ],
)
def test_the_scale_of_grades_is_the_smallest_usual_one(
    grades: list[str], scale: tuple[float, float]
) -> None:
    column = found({"model": MODELS, "score": grades}).parts["quality"]
    assert (column.least, column.most) == scale


def test_a_scale_may_be_told() -> None:
    column = found({"model": MODELS, "score": ["2", "3", "4"]}, quality_range=(1.0, 7.0))
    assert column.parts["quality"].reading == "graded 1..7"


def test_an_arm_that_never_differs_gives_way_to_one_that_does() -> None:
    assert found({"model": ["m"] * 3, "variant": MODELS, "ok": ["1"] * 3}).parts["arm"].column == (
        "variant"
    )
    assert found({"model": ["m"] * 3, "ok": ["1"] * 3}).parts["arm"].column == "model"


def test_a_log_with_other_names_is_guessed_whole_and_nothing_of_it_is_silent() -> None:
    columns = found(
        {
            "When": ["2026-01-01", "2026-01-02", ""],
            "requested_model": ["auto"] * 3,
            "served_by": MODELS,
            "OK": ["1", "0", "1"],
            "time_taken_sec": ["0.9", "1.4", "3"],
            "usd_spent": ["0.1", "0.2", "0.3"],
            "p_action": ["0.5", "0.25", "1"],
        }
    )
    assert readings(columns) == {
        "arm": ("served_by", ""),
        "outcome": ("OK", ""),
        "latency": ("time_taken_sec", "seconds"),
        "cost": ("usd_spent", "US $"),
        "ts": ("When", ""),
        "propensity": ("p_action", ""),
    }
    assert columns.unused == ("requested_model",)


def test_time_is_a_moment_or_how_long_it_took_as_its_cells_say() -> None:
    for cells, part in (
        (["2026-01-01", "2026-01-02", ""], "ts"),
        ([1_767_225_600, 1_767_225_500, None], "ts"),
        (["0", "5", "5", "9"], "ts"),  # seconds since the log began
        (["0.9", "0.4", "3"], "latency"),
    ):
        columns = found({"model": ["a", "b", "a", "b"][: len(cells)], "time": cells})
        assert [p for p in ("ts", "latency") if columns.has(p)] == [part], cells


def test_epoch_numbers_are_no_latency_and_latencies_no_moments() -> None:
    epoch = [1_767_225_600, 1_767_225_500, 1_767_225_700]
    columns = found({"model": MODELS, "call_time": epoch, "reply_time": [0.9, 0.4, 3]})
    assert (columns.parts["ts"].column, columns.parts["latency"].column) == (
        "call_time",
        "reply_time",
    )
    taken = found({"model": MODELS, "latency_ms": [9, 4, 30], "queue_time": [2, 1, 3]})
    assert not taken.has("ts")
    assert taken.unused == ("queue_time",)


def test_numbers_are_no_arm_where_only_a_word_of_the_name_fits() -> None:
    columns = found({"model_a": ["1", "0", "1"], "model_b": ["0", "1", "1"]})
    assert columns.wide == ("model_a", "model_b")


def test_what_is_no_probability_is_not_guessed_as_the_propensity() -> None:
    columns = found({"model": MODELS, "ok": ["1"] * 3, "prob": ["70", "30", "70"]})
    assert not columns.has("propensity")
    assert columns.unused == ("prob",)


def test_columns_that_arms_of_their_own_leave_no_room_for_are_told_as_unused() -> None:
    columns = found(
        {"x": ["1", "0"], "y": ["0", "1"], "propensity": ["0.5", "0.5"]}, arms=("x", "y")
    )
    assert columns.unused == ("propensity",)


def test_what_a_person_says_goes_before_what_is_guessed() -> None:
    sample = {"model": MODELS, "who": ["x", "y", "x"], "ok": ["1", "0", "1"], "win": ["0"] * 3}
    columns = found(sample, parts={"arm": "who", "outcome": "win", "quality": "none"})
    assert (columns.parts["arm"].column, columns.parts["outcome"].column) == ("who", "win")
    assert not columns.parts["outcome"].guessed
    assert columns.unused == ("model", "ok")


def test_an_arm_may_be_of_several_columns() -> None:
    columns = found({"p": MODELS, "size": MODELS, "ok": ["1"] * 3}, parts={"arm": "p,size"})
    assert columns.wanted == ("p", "size", "ok")


def test_a_few_cells_that_do_not_fit_leave_a_column_what_its_name_says() -> None:
    assert found({"model": MODELS, "ok": ["1", "0", "oops"]}).has("outcome")
    assert not found({"model": MODELS, "result": ["so", "la", "1"], "cost": ["1"] * 3}).has(
        "outcome"
    )


def test_arms_with_a_column_each_are_found_by_their_grades() -> None:
    columns = found({"id": ["7", "8"], "gpt": ["1", "0"], "mix": ["0", "1"]})
    assert columns.wide == ("gpt", "mix")
    assert columns.unused == ("id",)


def test_arms_with_a_name_in_common_are_found_before_others() -> None:
    sample: dict[str, list[Any]] = {
        "p": [1, 0],
        "q": [0, 1],
        "scores.x": [0.5, 1.0],
        "scores.y": [0.0, 1.0],
    }
    assert found(sample).wide == ("scores.x", "scores.y")


def test_arms_with_a_column_each_may_be_told() -> None:
    columns = found({"x": ["5", "1"], "y": ["2", "4"], "z": ["1", "0"]}, arms=("x", "y"))
    assert columns.wide == ("x", "y")
    assert (columns.parts["quality"].least, columns.parts["quality"].most) == (1, 5)


@pytest.mark.parametrize(
    ("sample", "said", "field"),
    [
        ({"a": ["1"], "b": ["7"]}, {}, "arm"),
        ({"model": MODELS, "ok": ["1"] * 3}, {"parts": {"arm": "none"}}, "arm"),
        ({"model": MODELS, "ok": ["1"] * 3}, {"parts": {"cost": "money"}}, "cost"),
        ({"model": MODELS, "x": ["so"] * 3}, {"parts": {"latency": "x"}}, "latency"),
        ({"model": MODELS, "x": ["300", "4", "-9"]}, {"parts": {"quality": "x"}}, "quality"),
        ({"model": MODELS, "p": ["70", "30", "9"]}, {"parts": {"propensity": "p"}}, "propensity"),
        ({"model": MODELS, "ok": ["1"] * 3}, {"arms": ("ok", "no")}, "arms"),
    ],
)
def test_what_cannot_be_is_refused_by_name_with_a_mend(
    sample: Mapping[str, Sequence[Any]], said: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        found(sample, **said)
    assert caught.value.field == field
    assert caught.value.mend
