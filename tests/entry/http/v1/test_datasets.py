"""Datasets by HTTP: versions, examples by what they are, dead letters, golden sets."""

from datetime import timedelta
from typing import Any, get_args

import pytest

from ratchet.datasets.collecting.gather import GATHERERS
from ratchet.datasets.collecting.trace import DeadTrace
from ratchet.datasets.filter import FILTERS
from ratchet.entry.http.v1.datasets import SourceName, Why
from ratchet.entry.wiring import the_app
from ratchet.store.port import Ref, Store
from tests.support.curated import an_example, id_of
from tests.support.functions import ADMIN, SERVICE, Functions
from tests.support.golden_sets import NAME, TRIED, expose, frozen_set, scores
from tests.support.governed import NOON, SECOND
from tests.support.small_version import small_version
from tests.support.turns import drafted


def got(functions: Functions, path: str) -> Any:
    found = functions.send(f"api/v1/{path}", method="GET", actor=ADMIN)
    assert found.status == 200, found.body
    return found.body


def status(functions: Functions, path: str) -> int:
    return functions.send(f"api/v1/{path}", method="GET", actor=ADMIN).status


def test_datasets_and_their_versions_are_shown(store: Store, functions: Functions) -> None:
    blobs = the_app().blobs
    small_version(store, blobs, {"a": "train"}, dataset="my-own")
    small_version(store, blobs, {"a": "train"})
    small_version(store, blobs, {"a": "train", "b": "test"}, number="1.0.1")
    page = got(functions, "datasets?limit=1")
    assert [(x["dataset"], x["version"]) for x in page["items"]] == [("default", "1.0.1")]
    rest = got(functions, f"datasets?limit=1&cursor={page['next']}")
    assert [x["dataset"] for x in rest["items"]] == ["my-own"]
    found = got(functions, "datasets/default")
    assert [x["version"] for x in found["versions"]] == ["1.0.1", "1.0.0"]
    assert found["latest"] == got(functions, "datasets/default/versions/1.0.1")
    assert got(functions, "datasets/my-own/versions/1.0.0")["dataset"] == "my-own"
    assert status(functions, "datasets/none") == 404
    assert status(functions, "datasets/default/versions/2.0.0") == 404
    assert status(functions, "datasets/default/versions/latest") == 400


def test_a_version_changed_by_hand_is_left_out_and_named(
    store: Store, functions: Functions
) -> None:
    blobs = the_app().blobs
    version = small_version(store, blobs, {"a": "train"})
    small_version(store, blobs, {"a": "train"}, dataset="other")
    forged = version.to_map() | {"createdBy": "nobody"}
    store.set(Ref(version.collection, version.key()), forged)
    page = got(functions, "datasets")
    assert [x["dataset"] for x in page["items"]] == ["other"]
    assert "default@1.0.0" in page["broken"][0]
    assert status(functions, "datasets/default/versions/1.0.0") == 403


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "abcd"),
        ("source=runs", "abc"),
        ("domain=coding", "bd"),
        ("taskType=planning", "c"),
        ("component=planner&reason=", "ab"),
        ("reason=too-long", "c"),
        ("taskId=task/b", "b"),
        ("sourceId=c", "c"),
        ("source=runs&sourceId=d", ""),
        ("source=runs&component=planner&domain=travel&taskType=single_step&reason=", "a"),
    ],
)
def test_examples_are_found_by_what_they_are_page_by_page(
    store: Store, functions: Functions, query: str, names: str
) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "a": {},
        "b": {"domain": "coding"},
        "c": {"taskType": "planning", "reason": "too-long"},
        "d": {"source": "events", "domain": "coding", "component": "critic"},
    }
    for name, changes in kinds.items():
        example = an_example(name, **changes)
        store.set(Ref(example.collection, example.id), example.to_map())
    found: list[str] = []
    cursor = ""
    while True:
        page = got(functions, f"examples?{query}&limit=1{cursor}")
        found += [example["id"] for example in page["items"]]
        if "next" not in page:
            break
        cursor = f"&cursor={page['next']}"
    assert found == sorted(id_of(name) for name in names)


def test_reasons_and_sources_that_there_are_not_are_refused(functions: Functions) -> None:
    assert status(functions, "examples?reason=nonsense") == 400
    assert status(functions, "examples?source=dreams") == 400
    assert set(get_args(Why)) == {"", *FILTERS}


def test_dead_letters_are_listed_the_latest_first(store: Store, functions: Functions) -> None:
    for n, source in enumerate(("events", "trajectories", "events")):
        at = NOON + n * SECOND
        letter = DeadTrace(
            source=source,
            source_id=f"t{n}",
            code="RATCHET-7101",
            message="no output",
            first_at=at,
            last_at=at,
            expire_at=at + timedelta(days=1),
        )
        store.set(Ref(letter.collection, letter.key()), letter.to_map())
    every = [letter["id"] for letter in got(functions, "dead-traces")["items"]]
    assert every == ["events~t2", "trajectories~t1", "events~t0"]
    own = got(functions, "dead-traces?source=events&limit=1")
    assert [letter["id"] for letter in own["items"]] == ["events~t2"]
    assert status(functions, "dead-traces?source=dreams") == 400
    assert set(get_args(SourceName)) == set(GATHERERS)


def test_golden_sets_are_shown_with_every_look_and_no_single_score(
    store: Store, functions: Functions
) -> None:
    blobs = the_app().blobs
    drafted(store)
    frozen_set(store, blobs)
    frozen_set(store, blobs, name="bookings")
    look = expose(store, blobs, scores(4, 1)).exposure
    items = got(functions, "golden-sets")["items"]
    assert [(x["name"], x["exposures"], x["left"]) for x in items] == [
        (NAME, 1, 2),
        ("bookings", 0, 3),
    ]
    found = functions.send(f"api/v1/golden-sets/{NAME}", method="GET", actor=ADMIN)
    assert [(x["version"], x["result"]["scores"]["mean"]) for x in found.body["looks"]] == [
        (TRIED, 0.75)
    ]
    assert look.scores not in found.response.get_data(as_text=True)
    assert status(functions, "golden-sets/none") == 404


@pytest.mark.parametrize("path", ["datasets", "examples", "dead-traces", "golden-sets"])
def test_no_service_reads_what_is_trained_on(functions: Functions, path: str) -> None:
    assert functions.send(f"api/v1/{path}", method="GET", actor=SERVICE).status == 403
