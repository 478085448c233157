"""firestore.indexes.json against what is stored: what expires, what grows, what fans out.

The fields come from the models, and from a life on the embedded store for what has no model.
"""

import importlib
import json
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

import pytest

import ratchet
from ratchet.entry.configs import CONFIGS
from ratchet.kernel.clock import ManualClock, millis
from ratchet.kernel.document import Document
from ratchet.observe.sweep import EXPIRING
from ratchet.policies.config_edits import guard_config
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support import governed, recording
from tests.support.console import Console
from tests.support.life import LIFE
from tests.support.observing import NOON, Worker, exposure, observation, worker
from tests.support.rollout_recount import start
from tests.support.sources import collections

Kind = Literal["instant", "nested", "plain"]
Fields = dict[str, dict[str, Kind]]
FILE = json.loads(recording.INDEXES.read_text())
EXEMPT = {(o["collectionGroup"], o["fieldPath"]) for o in FILE["fieldOverrides"]}
TTL = {o["collectionGroup"] for o in FILE["fieldOverrides"] if o.get("ttl")}
# A document each for what there are few of, rewritten in place: its instants may be indexed.
FEW = {
    "config",
    "ops_alerts",
    "ops_approvals",
    "ops_checkpoints",
    "ops_judge_weights",
    "ops_label_stats",
    "ops_policies",
    "ops_policy_heads",
    "ops_reward_epochs",
    "ops_rollouts",
    "ops_run_fleet",
    "ops_stats",
}
# Hand-sized, and all of them together a handful of documents.
TINY = {"config"}


def models() -> Iterator[type[Document]]:
    """Yield every document that the sources declare."""
    for module in pkgutil.walk_packages(ratchet.__path__, "ratchet."):
        if not module.name.startswith(("ratchet.entry", "ratchet.client")):
            importlib.import_module(module.name)
    waiting = [Document]
    while waiting:
        waiting += (kinds := waiting.pop().__subclasses__())
        yield from (kind for kind in kinds if kind.__module__.startswith("ratchet."))


def declared() -> Fields:
    """Return the fields of the models, by collection."""
    found: Fields = defaultdict(dict)
    for kind in models():
        if hasattr(kind, "collection"):
            schema = kind.model_json_schema(mode="serialization")
            for name, told in schema["properties"].items():
                found[kind.collection][name] = kind_of_schema(told)
    return found


def kind_of_schema(told: dict[str, Any]) -> Kind:
    """Return what a field holds, as its JSON schema tells it."""
    ways = [told, *told.get("anyOf", ()), *told.get("allOf", ())]
    if any(way.get("format") == "date-time" for way in ways):
        return "instant"
    nested = any("$ref" in way or way.get("type") in ("object", "array") for way in ways)
    return "nested" if nested else "plain"


def lived(store: Store) -> Fields:
    """Return the fields of what is stored after a life with everything in it, by collection."""
    live(store)
    found: Fields = defaultdict(dict)
    for collection in collections():
        for snapshot in store.query(Query(collection)):
            for name, value in snapshot.data.items():
                kinds: dict[type, Kind] = {datetime: "instant", dict: "nested", list: "nested"}
                found[collection][name] = kinds.get(type(value), "plain")
    return found


def live(store: Store) -> None:
    """Record, score, grade, bury, roll up, propose, activate, and edit by hand."""
    worker(store)
    work = Worker(store, ManualClock(NOON))
    for seconds, step in LIFE:
        work.clock.now = NOON + timedelta(seconds=seconds)
        step(work)
    work.record({"id": "m"} | observation(unit="u", meta={"a": 1}, errorCode="429"))
    start(store)
    work.record({"id": "met"} | exposure())
    arm = {"rolloutId": "r1", "rolloutStep": 0, "rolloutArm": "control", "exposedAt": millis(NOON)}
    work.record({"id": "paired"} | observation(paired=["1.0.1"]) | arm)
    work.feedback({"obsId": "unheard-of", "source": "person", "grade": 0.4})
    work.later()
    work.score()
    work.feedback({"obsId": "paired", "source": "person", "grade": 0.4})
    work.later(timedelta(hours=25))
    work.fold()
    work.feedback({"obsId": "paired", "source": "late", "grade": 0.4})
    work.later()
    work.fold()
    governed.switch_flags(store)
    governed.lineage_of(store, 2)
    console = Console(store, "config", partial(guard_config, kinds=CONFIGS))
    console.edit("ingest", shards="four")
    console.deliver(console.events)


@pytest.fixture(scope="module")
def fields() -> Fields:
    """Every field that is stored, by collection."""
    store = SqliteStore()
    found, of_models = lived(store), declared()
    store.close()
    return {c: of_models.get(c, {}) | found.get(c, {}) for c in {*found, *of_models}}


def test_a_life_stores_something_in_every_collection_that_the_sources_name(fields: Fields) -> None:
    assert set(fields) == collections()


def test_what_expires_has_a_ttl_and_is_swept_from_the_embedded_store(fields: Fields) -> None:
    expiring = {collection for collection, held in fields.items() if "expireAt" in held}
    assert len(expiring) >= 6
    assert expiring == TTL
    assert expiring == set(EXPIRING)


def test_no_instant_is_indexed_by_itself_where_documents_come_by_the_thousand(
    fields: Fields,
) -> None:
    instants = {
        (collection, name)
        for collection, held in fields.items()
        for name, kind in held.items()
        if kind == "instant" and collection not in FEW
    }
    assert {("ops_observations", "ts"), ("ops_rewards", "ingestedAt")} <= instants
    assert sorted(instants - EXEMPT) == []


def test_no_map_and_no_list_is_indexed(fields: Fields) -> None:
    nested = {
        (collection, name)
        for collection, held in fields.items()
        for name, kind in held.items()
        if kind == "nested" and collection not in TINY
    }
    assert {("ops_observations", "items"), ("ops_policies", "params")} <= nested
    assert sorted(nested - EXEMPT) == []


def test_nothing_is_exempted_that_is_not_stored(fields: Fields) -> None:
    assert sorted((c, name) for c, name in EXEMPT if name not in fields.get(c, {})) == []


def test_a_growing_field_never_leads_an_index(fields: Fields) -> None:
    leading = {(i["collectionGroup"], i["fields"][0]["fieldPath"]) for i in FILE["indexes"]}
    assert {fields[collection][name] for collection, name in leading} == {"plain"}
    for index in FILE["indexes"]:
        names = [field["fieldPath"] for field in index["fields"]]
        assert names[0] == "shard" or "ingestedAt" not in names


def test_the_kind_of_a_field_is_read_from_its_schema() -> None:
    assert kind_of_schema({"type": "string", "format": "date-time"}) == "instant"
    assert kind_of_schema({"anyOf": [{"format": "date-time"}, {"type": "null"}]}) == "instant"
    assert kind_of_schema({"anyOf": [{"$ref": "#/$defs/Sums"}, {"type": "null"}]}) == "nested"
    assert kind_of_schema({"type": "array", "items": {"type": "string"}}) == "nested"
    assert kind_of_schema({"type": "object"}) == "nested"
    assert kind_of_schema({"type": "integer"}) == "plain"
