"""PolicyVersion: numbers, signatures over the stored map, content, and classes of change."""

from typing import Any

import pytest

from ratchet.kernel.canonical import sign
from ratchet.kernel.errors import BadSignature, InvalidInput
from ratchet.policies.history import get_version
from ratchet.policies.version import (
    COLLECTION,
    TRANSITIONS,
    ArtifactRef,
    PolicyVersion,
    SemVer,
    change_class,
    check_params,
    is_signed,
    load_version,
    signed,
)
from ratchet.store.port import Ref, Store
from tests.support.governed import KEYS, NOON, PARAMS, SPACE, weights

KEY = "router-core@1.0.0"


def version(params: Any = PARAMS, space: Any = SPACE, **changes: Any) -> PolicyVersion:
    data = {"id": "router-core", "version": "1.0.0", "params": params, "tuningSpace": space}
    when = {"createdAt": NOON, "createdBy": "ada", "updatedAt": NOON, "notes": "the first"}
    return PolicyVersion.parse(data | when | changes)


def written(store: Store, new: PolicyVersion, change: Any = None) -> dict[str, Any]:
    """Sign a version, write it with a change, and read that again."""
    ref = Ref(COLLECTION, KEY)
    store.set(ref, signed(KEYS, new).to_map() | (change or {}))
    found = store.get(ref)
    assert found is not None
    return found.data


@pytest.mark.parametrize(
    ("text", "following"), [("2.5.9", "2.5.10"), ("0.0.0", "0.0.1"), ("1.2.99", "1.2.100")]
)
def test_the_next_patch_follows(text: str, following: str) -> None:
    assert str(SemVer.of(text).bump()) == following


def test_versions_compare_as_numbers() -> None:
    texts = ["10.0.0", "2.5.10", "2.5.9", "2.10.0"]
    assert sorted(texts, key=SemVer.of) == ["2.5.9", "2.5.10", "2.10.0", "10.0.0"]


@pytest.mark.parametrize("text", ["1.0", "1.0.0.0", "01.0.0", "1.0.0-beta", "v1.0.0", "", "1.0.x"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is no version"):
        SemVer.of(text)


def test_a_signed_version_survives_its_store(store: Store) -> None:
    params = PARAMS | {"hparams": {"t": 0.1, "one": 1.0, "k": 3, "none": None, "text": "Zürich ß"}}
    found = written(store, version(params, proposal={"tuner": "t", "reasons": ["r"]}))
    assert load_version(KEYS, KEY, found).params == params


@pytest.mark.parametrize(
    "change",
    [
        {"params": PARAMS | {"latencyTargetMs": 2501}},
        {"params": weights(0.61)},
        {"tuningSpace": {}},
        {"notes": "the second"},
        {"createdBy": "eve"},
        {"changeClass": "allocation"},
        {"version": "1.0.1"},
        {"id": "other"},
        {"lineage": "router-core@0.9.0"},
        {"artifacts": [{"name": "p", "sha256": "0" * 64, "kind": ""}]},
        {"extra": 1},
        {"signature": "0" * 64},
        {"signature": "ü"},
        {"signature": 3},
        {"params": {"x": b"bytes"}},
    ],
)
def test_content_that_was_changed_is_not_loaded(store: Store, change: dict[str, Any]) -> None:
    found = written(store, version(), change)
    with pytest.raises(BadSignature, match=f"{KEY} is not what was signed") as caught:
        load_version(KEYS, KEY, found)
    assert caught.value.mend.startswith("ratchet audit verify router-core names what to")


def test_content_without_a_signature_is_not_loaded() -> None:
    with pytest.raises(BadSignature):
        load_version(KEYS, KEY, version().to_map())


def test_the_content_of_another_version_does_not_pass(store: Store) -> None:
    found = written(store, version(version="1.0.1"))
    assert is_signed(KEYS, "router-core@1.0.1", found)
    with pytest.raises(BadSignature):
        load_version(KEYS, KEY, found)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "active"},
        {"status": "aktiv"},
        {"status": ["active"]},
        {"updatedAt": NOON.replace(hour=13)},
        {"updatedAt": "yesterday"},
        {"updatedAt": None},
    ],
)
def test_what_is_not_signed_stops_no_load(store: Store, change: dict[str, Any]) -> None:
    found = written(store, version(), change)
    assert load_version(KEYS, KEY, found).params == PARAMS


def test_a_document_from_before_a_field_had_its_default_still_verifies(store: Store) -> None:
    old = version().to_map()
    for name in ("artifacts", "notes", "changeClass", "tuningSpace"):
        del old[name]
    content = {k: v for k, v in old.items() if k not in ("status", "updatedAt", "signature")}
    ref = Ref(COLLECTION, KEY)
    for status in ("draft", "active"):
        store.set(ref, old | {"status": status, "signature": sign(KEYS.signing, content)})
        assert get_version(store, KEYS, "router-core", "1.0.0").status == status


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"modelWeights": {"a": 0.6, "b": 0.3}}, "modelWeights"),
        ({"modelWeights": {}}, "modelWeights"),
        ({"modelWeights": {"a": 1.2, "b": -0.2}}, "modelWeights.a"),
        ({"latencyTargetMs": 0}, "latencyTargetMs"),
        ({"latencyTargetMs": "soon"}, "latencyTargetMs"),
        ({"maxCostUsd": float("inf")}, "maxCostUsd"),
        ({"cooldownMs": -1}, "cooldownMs"),
        ({"cooldownMs": 1.5}, "cooldownMs"),
        ({"fallbackOn": "timeout"}, "fallbackOn"),
        ({"prompts": {"system": 3}}, "prompts.system"),
        ({"toolsAllowlist": [1]}, "toolsAllowlist.0"),
        ({"routerRules": [1]}, "routerRules.0"),
    ],
)
def test_params_that_are_wrong_are_refused_by_name(params: Any, field: str) -> None:
    with pytest.raises(InvalidInput, match=field) as caught:
        check_params(params, {})
    assert caught.value.field == field


SIMPLEX = {"kind": "simplex", "floor": 0.1, "cap": 0.6}


@pytest.mark.parametrize(
    ("params", "span", "field"),
    [
        ({}, SIMPLEX, "tuningSpace.shares"),
        ({"shares": 3}, SIMPLEX, "params.shares"),
        ({"shares": {}}, SIMPLEX, "params.shares"),
        ({"shares": {"a": 0.5, "b": 0.6}}, SIMPLEX, "params.shares"),
        ({"shares": {"a": 0.5, "b": "0.5"}}, SIMPLEX, "params.shares.b"),
        ({"shares": {"a": 1.5, "b": -0.5}}, SIMPLEX, "params.shares.a"),
        ({"shares": {"a": 1.0}}, SIMPLEX, "tuningSpace.shares"),
        ({"shares": {"a": 0.5, "b": 0.5}}, SIMPLEX | {"floor": 0.55}, "tuningSpace.shares"),
        (
            {"shares": {"a": 0.5, "b": 0.5}},
            SIMPLEX | {"base": {"a": 1}},
            "tuningSpace.shares.base",
        ),
    ],
)
def test_weights_of_any_name_are_held_against_their_envelope(
    params: Any, span: Any, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_params(params, {"shares": span})
    assert caught.value.field == field


def test_free_params_are_taken_as_they_are() -> None:
    check_params({"retries": 3, "regions": ["eu"], "nested": {"a": None}}, {})


def allocation(**changes: Any) -> PolicyVersion:
    return version(PARAMS | changes)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (version(), "allocation"),
        (version(notes="other words"), "allocation"),
        (version(weights(0.45)), "allocation"),
        (allocation(latencyTargetMs=2999.5), "allocation"),
        (allocation(latencyTargetMs=2500.0), "allocation"),
        (version(weights(0.8)), "allocation"),
        (version(weights(0.39)), "behaviour"),  # a step of 0.21
        (allocation(latencyTargetMs=3001), "behaviour"),
        (allocation(maxCostUsd=0.1), "behaviour"),  # not in the envelope
        (allocation(cooldownMs=30001), "behaviour"),
        (allocation(fallbackOn=["rate_limit", "timeout"]), "behaviour"),
        (allocation(prompts={"system": "be kind"}), "behaviour"),
        (version({k: v for k, v in PARAMS.items() if k != "cooldownMs"}), "behaviour"),
        (
            version(space=SPACE | {"maxCostUsd": {"kind": "float", "low": 0, "high": 1}}),
            "behaviour",
        ),
        (version(space={}), "behaviour"),
        (
            version(artifacts=[ArtifactRef(name="prompts", sha256="0" * 64)]),
            "behaviour",
        ),
        (
            allocation(modelWeights={"gpt-5": 0.6, "gemini": 0.25, "llama": 0.15}),
            "behaviour",
        ),
    ],
)
def test_only_what_moves_inside_the_envelope_is_an_allocation(
    changed: PolicyVersion, expected: str
) -> None:
    assert change_class(version(), changed) == expected


def test_a_first_version_is_a_change_of_behaviour() -> None:
    assert change_class(None, version()) == "behaviour"


def test_another_choice_is_a_change_of_behaviour() -> None:
    space = {"mode": {"kind": "choice", "options": ["fast", "deep"]}}
    before, after = version({"mode": "fast"}, space), version({"mode": "deep"}, space)
    assert change_class(before, after) == "behaviour"


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), ({"on": 1}, {"on": True})])
def test_a_truth_value_is_no_number(before: Any, after: Any) -> None:
    assert change_class(version({"x": before}, {}), version({"x": after}, {})) == "behaviour"


def test_a_rollout_lends_a_status_and_nothing_leaves_rejected() -> None:
    tried = {"active", "draft", "archived", "rejected"}
    assert {
        "draft": {"shadow", "canary", "active", "rejected"},
        "shadow": tried | {"canary"},
        "canary": tried | {"shadow"},
        "active": {"archived"},
        "archived": {"shadow", "canary", "active"},
        "rejected": set(),
    } == TRANSITIONS
