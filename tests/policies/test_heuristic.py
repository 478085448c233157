"""Heuristic: plain numbers that a version carries, parsed strictly and within limits."""

import json
from typing import Any

import pytest

from ratchet.kernel.canonical import canonical
from ratchet.kernel.errors import InvalidInput
from ratchet.policies.heuristic import MAX_DEPTH, Heuristic, Tree, heuristic_of
from ratchet.store.limits import check_document
from tests.support.taught import heuristic, router

STUMP: dict[str, Any] = {
    "kind": "tree",
    "column": [1, -1, -1],
    "threshold": [0.5, 0.0, 0.0],
    "left": [1, -1, -1],
    "right": [2, -1, -1],
    "value": [0.5, 0.2, 0.8],
}


def with_model(model: dict[str, Any], **scorer: Any) -> dict[str, Any]:
    return heuristic(scorers={"good": {"model": model, "slope": 1.0, "offset": 0.0} | scorer})


@pytest.mark.parametrize("data", [heuristic(), router(), with_model(STUMP)])
def test_a_model_goes_through_canonical_json_and_a_store_unchanged(data: dict[str, Any]) -> None:
    model = Heuristic.parse(data)
    assert Heuristic.parse(json.loads(canonical(model.plain()))) == model
    check_document("ops_policies", "p@1.0.0", {"params": {"heuristic": model.plain()}})


def test_what_decides_is_told_in_order() -> None:
    assert Heuristic.parse(heuristic()).decisions == ("good", "bad")
    assert Heuristic.parse(router()).decisions == ["a", "b"]


@pytest.mark.parametrize(
    "change",
    [
        {"left": [0, -1, -1]},
        {"left": [2, -1, -1]},
        {"right": [7, -1, -1]},
        {"right": [-1, -1, -1]},
        {"left": [1, 2, -1]},
        {"value": [0.5, 0.2, 1.2]},
        {"value": [0.5, 0.2]},
        {"threshold": [float("nan"), 0.0, 0.0]},
        {"threshold": ["0.5", 0.0, 0.0]},
        {"column": [2, -1, -1]},
        {"column": [1.5, -1, -1]},
        {"column": [], "threshold": [], "left": [], "right": [], "value": []},
    ],
)
def test_a_tree_with_a_cycle_a_loose_node_or_a_number_that_is_none_is_refused(
    change: dict[str, Any],
) -> None:
    with pytest.raises(InvalidInput):
        Heuristic.parse(with_model(STUMP | change))


def test_a_tree_too_deep_is_refused() -> None:
    levels = MAX_DEPTH + 1
    n = 2 * levels + 1
    chain = {
        "column": [0 if i % 2 == 0 and i < n - 1 else -1 for i in range(n)],
        "threshold": [0.0] * n,
        "left": [i + 1 if i % 2 == 0 and i < n - 1 else -1 for i in range(n)],
        "right": [i + 2 if i % 2 == 0 and i < n - 1 else -1 for i in range(n)],
        "value": [0.5] * n,
    }
    with pytest.raises(InvalidInput, match="deeper than"):
        Tree.parse(chain)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (heuristic(v=2), "v"),
        (heuristic(threshold="0.5"), "threshold"),
        (heuristic(threshold=1.5), "threshold"),
        (heuristic(positive="bad"), "(whole)"),
        (heuristic(extra=1), "extra"),
        (heuristic(scorers={}), "scorers"),
        (router(arms={"a": 0.1, "c": 0.5}), "(whole)"),
        (router(arms={}), "(whole)"),
        (router(explore=0.9), "explore"),
        (with_model(STUMP, slope=-1.0), "scorers.good.slope"),
        (with_model({"kind": "logistic", "intercept": 0.0, "coefficients": [1.0]}), "(whole)"),
        (with_model({"kind": "forest"}), "scorers.good.model"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(data: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Heuristic.parse(data)
    assert refused.value.field == field


def test_more_numbers_than_a_document_holds_are_refused() -> None:
    features = {f"w{i}": {"kind": "hashedWords", "at": "meta.x", "buckets": 4096} for i in range(5)}
    model = {"kind": "logistic", "intercept": 0.0, "coefficients": [0.0] * 5 * 4096}
    scorers = {f"m{i}": {"model": model, "slope": 1.0, "offset": 0.0} for i in range(5)}
    with pytest.raises(InvalidInput, match="use fewer buckets"):
        Heuristic.parse(
            router(features=features, scorers=scorers, arms=dict.fromkeys(scorers, 0.0))
        )


def test_a_version_without_one_says_how_to_get_one() -> None:
    with pytest.raises(InvalidInput, match="carries no heuristic") as refused:
        heuristic_of({"modelWeights": {"a": 1}}, "p@1.0.0")
    assert "ratchet heuristics train" in refused.value.mend
