"""Own lineage and own judge: what a model wrote or graded does not teach it."""

from typing import Any

import pytest

from ratchet.datasets.guard.lineage import Descent, descent_of, forebears, refusal
from ratchet.datasets.settings import DatasetSpec
from ratchet.kernel.errors import RatchetError
from ratchet.labels.settings import JudgeSettings
from ratchet.policies.version import COLLECTION
from ratchet.runs.studies.study import STUDIES
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref, Store
from tests.support.curated import an_example, id_of
from tests.support.small_version import small_version

SPEC = DatasetSpec(trains=("router", "gpt-4o"))
JUDGES = JudgeSettings.parse(
    {
        "judges": {
            "kin": {"family": "gpt"},
            "other": {"family": "claude"},
            "same-model": {
                "family": "unsaid",
                "kind": "llm",
                "settings": {
                    "baseUrl": "http://judge",
                    "model": "mini-2025-01-01",
                    "prompt": "{meta.answer}",
                    "maxCostUsdDay": 1.0,
                    "usdPerMillionIn": 1.0,
                    "usdPerMillionOut": 1.0,
                },
            },
        },
        "families": {"gpt*": "gpt", "planner": "gpt", "claude*": "claude"},
    }
)


def why(descent: Descent | None = None, **lineage: Any) -> str:
    return refusal(an_example(lineage=lineage), SPEC, descent or Descent(judges=JUDGES))


@pytest.mark.parametrize(
    "lineage",
    [
        {"policyVersion": "router@1.0.0"},
        {"model": "gpt-4o"},
        {"model": "gpt-4o-2024-08-06"},
        {"model": "ft:gpt-4o-2024-08-06:acme"},
        {"model": "gpt-4o", "vouched": ["person"]},
        {"model": "mini+gpt-4o-2024-08-06"},  # of a run with several models
        {"model": "gpt-4o+mini"},
        {"model": "openai/gpt-4o"},
        {"model": "ft:gpt-4o:acme/x:1"},
    ],
)
def test_output_of_what_is_trained_is_refused_whoever_vouches(lineage: dict[str, Any]) -> None:
    assert why(**lineage) == "own-lineage"


@pytest.mark.parametrize(
    "lineage",
    [
        {},
        {"policyVersion": "planner@1.0.0"},
        {"model": "gpt-4o-mini"},
        {"model": "gpt-4"},
        {"model": "gpt-4+gpt-4o-mini"},
    ],
)
def test_output_of_others_is_not(lineage: dict[str, Any]) -> None:
    assert why(**lineage) == ""


@pytest.mark.parametrize(
    ("vouched", "reason"),
    [
        ([], ""),  # nobody vouches: the machines' cap sees to it
        (["self"], "own-judge"),
        (["model:mini"], "own-judge"),
        (["model:mini-2025-01-01"], "own-judge"),
        (["model:gpt-5"], "own-judge"),  # the component's family
        (["model:claude-4"], ""),
        (["judge:kin"], "own-judge"),
        (["judge:same-model"], "own-judge"),
        (["judge:planner"], "own-judge"),
        (["judge:other"], ""),
        (["judge:nobody-lists-it"], ""),
        (["self", "judge:kin", "model:mini"], "own-judge"),
        (["self", "judge:other"], ""),
        (["self", "person"], ""),
        (["self", "check"], ""),
    ],
)
def test_the_authors_own_word_does_not_vouch(vouched: list[str], reason: str) -> None:
    assert why(model="mini", vouched=vouched) == reason


@pytest.mark.parametrize(
    ("vouched", "reason"),
    [
        (["model:mini"], "own-judge"),
        (["model:large-2025-01-01"], "own-judge"),
        (["judge:same-model", "model:large"], "own-judge"),
        (["model:claude-4"], ""),
    ],
)
def test_each_of_several_models_of_a_run_is_its_author(vouched: list[str], reason: str) -> None:
    assert why(model="large+mini", vouched=vouched) == reason


def test_what_is_trained_is_known_with_its_provider_and_without() -> None:
    spec = DatasetSpec(trains=("openai/gpt-4o",))
    for model in ("gpt-4o", "openai/gpt-4o", "azure/gpt-4o-2024-08-06"):
        assert refusal(an_example(lineage={"model": model}), spec, Descent()) == "own-lineage"


def test_a_model_may_vouch_for_what_a_person_wrote() -> None:
    assert why(writer="person", vouched=["model:gpt-5"]) == ""
    assert why(writer="person", vouched=["self"]) == "own-judge"


def test_what_was_made_from_own_output_is_own_at_any_remove() -> None:
    made = [
        an_example("own", lineage={"model": "gpt-4o"}),
        an_example("child", lineage={"parents": [id_of("own")]}),
        an_example("grandchild", lineage={"parents": [id_of("far"), id_of("child")]}),
        an_example("other", lineage={"parents": [id_of("far"), id_of("gone")]}),
        an_example("ring", lineage={"parents": [id_of("ring")]}),
    ]
    descent = Descent().over(made, SPEC)
    reasons = {example.source_id: refusal(example, SPEC, descent) for example in made}
    assert [name for name, reason in reasons.items() if reason] == ["own", "child", "grandchild"]


def test_forebears_are_read_at_any_remove_and_whoever_cannot_be_is_named(
    embedded: Store,
) -> None:
    not_kept = [
        an_example("own", lineage={"model": "gpt-4o"}, reason="low-quality"),
        an_example("between", lineage={"parents": [id_of("own")]}, reason="trivial"),
    ]
    for one in not_kept:
        embedded.set(Ref(one.collection, one.id), one.to_map())
    embedded.set(Ref("ops_examples", id_of("broken")), {"id": 1})
    parents = [id_of("between"), id_of("gone"), id_of("broken")]
    kept = [
        an_example("child", lineage={"parents": parents}),
        an_example("sister", lineage={"parents": [id_of("child")]}),
    ]
    unreadable: dict[str, RatchetError] = {}
    above = forebears(embedded, kept, unreadable)
    assert [one.source_id for one in above] == ["between", "own"]
    assert list(unreadable) == [id_of("broken")]
    descent = Descent().over([*kept, *above], SPEC)
    assert [refusal(one, SPEC, descent) for one in kept] == ["own-lineage", "own-lineage"]


def put_version(store: Store, key: str, parent: str | None = None, **more: Any) -> None:
    policy, _, number = key.partition("@")
    data = {"id": policy, "version": number} | ({"parent": parent} if parent else {}) | more
    store.set(Ref(COLLECTION, key), data)


def of_dataset(**artifact: str) -> list[dict[str, str]]:
    return [{"name": "x", "sha256": "0" * 64, "kind": "dataset"} | artifact]


def test_policy_versions_that_were_trained_on_it_and_their_children_descend_from_it(
    store: Store,
) -> None:
    version = small_version(store, MemoryBlobs(), {"a": "train"})
    put_version(store, "by-hash@1.0.0", artifacts=of_dataset(sha256=version.hash))
    put_version(store, "by-hash@1.0.1", "by-hash@1.0.0")
    put_version(store, "by-hash@1.0.2", "by-hash@1.0.1")
    put_version(store, "by-name@1.0.0", artifacts=of_dataset(name="default@1.0.0"))
    put_version(store, "before@1.0.0")
    put_version(store, "before@1.0.1", "before@1.0.0", artifacts=of_dataset(name="default@1.0.0"))
    put_version(store, "studied@1.0.0")
    put_version(store, "studied@1.0.1", "studied@1.0.0")
    put_version(store, "router@1.0.0")
    put_version(store, "elsewhere@1.0.0", artifacts=of_dataset(name="defaults@1.0.0"))
    put_version(store, "prompts@1.0.0", artifacts=of_dataset(name="default@1.0.0", kind="prompt"))
    put_version(store, "broken@1.0.0", artifacts="by hand")
    study = {"configuration": {"dataset": "default@1.0.0"}, "version": "studied@1.0.1"}
    store.set(Ref(STUDIES, "s1"), study)
    store.set(Ref(STUDIES, "s2"), {"configuration": {"dataset": "default@1.0.0"}})
    store.set(Ref(STUDIES, "s3"), {"configuration": {"rate": 1}, "version": "before@1.0.0"})

    descent = descent_of(store, "default", SPEC, JUDGES)

    assert sorted(descent.versions) == [
        "before@1.0.1",
        "by-hash@1.0.0",
        "by-hash@1.0.1",
        "by-hash@1.0.2",
        "by-name@1.0.0",
        "router@1.0.0",
        "studied@1.0.1",
    ]
    assert why(descent, policyVersion="by-hash@1.0.2", vouched=["person"]) == "own-lineage"
    assert why(descent, policyVersion="before@1.0.0", vouched=["person"]) == ""
