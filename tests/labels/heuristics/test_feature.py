"""Features: what a component knows as columns, typed, with defaults, the same everywhere."""

import math
from typing import Any

import numpy as np
import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.heuristics.feature import (
    features_of,
    found_in,
    hashed_words,
    matrix_of,
    spans_of,
)
from ratchet.policies.feature_spec import FeatureSpec


def spec(kind: str, **fields: Any) -> FeatureSpec:
    return FeatureSpec.parse({"kind": kind, "at": "meta.x"} | fields)


SPECS = {
    "words": spec("hashedWords", buckets=8),
    "length": spec("textLength"),
    "size": spec("numeric", default=3),
    "kind": spec("categorical", categories=["a", "b"], default="b"),
    "urgent": spec("boolean"),
}


def test_columns_come_in_order_of_name_whatever_the_order_of_the_configuration() -> None:
    raw = {"kind": "a", "length": "abc", "size": 7, "urgent": True}
    there = features_of(SPECS, raw)
    assert there.tolist() == [1.0, 0.0, math.log(4), 7.0, 1.0, *[0.0] * 8]
    assert features_of(dict(reversed(SPECS.items())), raw).tolist() == there.tolist()
    assert {n: (s.start, s.stop) for n, s in spans_of(SPECS).items()} == {
        "kind": (0, 2),
        "length": (2, 3),
        "size": (3, 4),
        "urgent": (4, 5),
        "words": (5, 13),
    }


def test_what_is_absent_has_its_default_and_another_category_is_none_of_them() -> None:
    assert features_of(SPECS, {}).tolist() == [0.0, 1.0, 0.0, 3.0, 0.0, *[0.0] * 8]
    assert features_of(SPECS, {"kind": "z", "size": None}).tolist()[:4] == [0.0, 0.0, 0.0, 3.0]


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({"size": "7"}, "size"),
        ({"size": True}, "size"),
        ({"size": math.nan}, "size"),
        ({"size": 10**400}, "size"),
        ({"urgent": 1}, "urgent"),
        ({"words": ["a"]}, "words"),
        ({"length": 3}, "length"),
        ({"kind": 0}, "kind"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_type_or_an_unknown_name_is_an_error_that_names_the_feature(
    raw: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        features_of(SPECS, raw)
    assert refused.value.field == named
    assert refused.value.mend


def test_words_hash_to_the_same_columns_on_every_machine() -> None:
    # `printf hello | b2sum -l 64` begins a7, that of world 58 and that of wörld 2a: modulo 64.
    places = [0x58 % 64, 0xA7 % 64, 0x2A % 64]
    found = hashed_words("Hello hello WORLD wörld!", 64)
    assert np.flatnonzero(found).tolist() == places
    once, twice = math.log(2), math.log(3)
    length = math.sqrt(2 * once**2 + twice**2)
    assert found[places] == pytest.approx([once / length, twice / length, once / length])


def test_a_text_without_words_is_no_direction() -> None:
    assert hashed_words("?! ...", 4).tolist() == [0.0] * 4


def test_features_are_found_at_their_paths_and_nowhere_else() -> None:
    specs = {"a": spec("numeric"), "b": FeatureSpec(kind="numeric", at="tokensIn")}
    assert found_in(specs, {"meta": {"x": 4}, "tokensIn": 9}) == {"a": 4, "b": 9}
    assert found_in(specs, {"meta": {"y": 4}}) == {}
    assert found_in(specs, {"meta": "x"}) == {}


def test_many_rows_are_the_rows_one_by_one() -> None:
    raws: list[dict[str, Any]] = [{"size": 1, "words": "a b"}, {"kind": "a"}]
    found = matrix_of(SPECS, raws)
    assert found.tolist() == [features_of(SPECS, raw).tolist() for raw in raws]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "categorical"},
        {"kind": "numeric", "categories": ["a"]},
        {"kind": "categorical", "categories": ["a", "a"]},
        {"kind": "numeric", "default": "0"},
        {"kind": "boolean", "default": 0},
        {"kind": "hashedWords", "buckets": 1},
        {"kind": "pixels"},
        {"kind": "numeric", "at": "meta x"},
    ],
)
def test_a_specification_that_cannot_be_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        FeatureSpec.parse({"at": "meta.x"} | fields)
