"""Changes of configuration: strict, by a person, and on the chain in the same transaction."""

from typing import Any

import pytest

from ratchet.govern.audit import ConfigHead, verify_audit
from ratchet.govern.config import load_config
from ratchet.govern.config_change import set_config
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.canonical import content_hash
from ratchet.kernel.errors import ChainBroken, InvalidInput, Refused
from ratchet.observe.settings import Ingest
from ratchet.store.port import Ref, Store
from tests.support.governed import ADA, KEYS, NOON, entries, switch_flags

INGEST = Ref("config", "ingest")


def change(store: Store, data: dict[str, Any], *, by: Actor = ADA, reason: str = "busy") -> None:
    set_config(store, KEYS, by, Ingest, data, reason=reason, now=NOON)


def test_a_change_is_stored_whole_and_audited(store: Store) -> None:
    change(store, {"shards": 8})
    found = store.get(INGEST)
    assert found is not None
    assert (found.data["shards"], found.data["retentionDays"]) == (8, 30)
    (entry,) = entries(store, "config")
    assert (entry.actor, entry.action, entry.id) == ("ada", "set_config", "config/ingest")
    assert (entry.reason, entry.payload_hash) == ("busy", content_hash(found.data))
    assert verify_audit(store, KEYS, "config").valid


def test_a_change_that_does_not_parse_is_refused_and_names_its_field(embedded: Store) -> None:
    with pytest.raises(InvalidInput) as caught:
        change(embedded, {"shards": "8"})
    assert caught.value.field == "shards"
    assert embedded.get(INGEST) is None
    assert entries(embedded, "config") == []


@pytest.mark.parametrize("actor", [machine("tuner"), Actor(name="root", kind="machine")])
def test_the_machine_changes_no_configuration(embedded: Store, actor: Actor) -> None:
    with pytest.raises(Refused):
        change(embedded, {"shards": 8}, by=actor)
    assert embedded.get(INGEST) is None


def test_a_change_wants_a_reason(embedded: Store) -> None:
    with pytest.raises(InvalidInput, match="wants a reason"):
        change(embedded, {"shards": 8}, reason="")


def test_what_was_set_is_the_last_good_value_though_nobody_read_it(store: Store) -> None:
    change(store, {"shards": 8})
    store.delete(INGEST)
    assert load_config(store, Ingest, now=NOON).shards == 8


def test_the_head_knows_every_configuration_that_was_audited(store: Store) -> None:
    change(store, {"shards": 8})
    switch_flags(store)
    found = store.get(Ref(ConfigHead.collection, "config"))
    assert found is not None
    assert set(found.data["configs"]) == {"ingest", "flags"}
    assert [e.sequence for e in entries(store, "config")] == [1, 2]


def test_a_chain_whose_head_is_gone_is_not_written_over(store: Store) -> None:
    change(store, {"shards": 8})
    before = store.get(Ref("ops_audit", "config~000000001"))
    store.delete(Ref("ops_policy_heads", "config"))
    with pytest.raises(ChainBroken, match="the head of config is gone") as caught:
        change(store, {"shards": 4})
    assert "backup" in caught.value.mend
    after = store.get(Ref("ops_audit", "config~000000001"))
    assert before is not None
    assert after is not None
    assert before.data == after.data
