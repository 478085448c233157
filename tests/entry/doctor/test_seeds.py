"""Configuration: what is missing, what does not parse, and the command for either."""

import pytest

from ratchet.entry.seed import seed
from ratchet.entry.wiring import wire
from ratchet.store.port import Ref, Store
from tests.support.examined import case, found
from tests.support.governed import KEYS, NOON, switch_flags


@pytest.fixture
def seeded(store: Store) -> Store:
    seed(wire(store, KEYS, lambda: NOON), now=NOON)
    return store


def test_a_seeded_store_is_well_and_says_how_the_switches_stand(seeded: Store) -> None:
    assert found("seeds", case(seeded)) == [
        ("ok", "4 documents; learning on, auto-activate off", "")
    ]
    switch_flags(seeded, enabled=False)
    assert "learning off" in found("seeds", case(seeded))[0][1]


def test_an_empty_store_is_to_be_seeded(store: Store) -> None:
    said = found("seeds", case(store))
    assert [(severity, mend) for severity, _, mend in said] == [
        ("error", "ratchet seed"),
        *[("warning", "ratchet seed")] * 3,
    ]


def test_flags_that_are_gone_are_an_error_that_only_a_person_mends(seeded: Store) -> None:
    seeded.delete(Ref("config", "flags"))
    ((severity, text, mend),) = found("seeds", case(seeded))
    assert (severity, "learning is off" in text) == ("error", True)
    assert mend == "ratchet flags set --enabled --reason ..."


def test_another_document_that_is_gone_is_a_warning(seeded: Store) -> None:
    seeded.delete(Ref("config", "ingest"))
    ((severity, text, mend),) = found("seeds", case(seeded))
    assert (severity, mend) == ("warning", "ratchet seed")
    assert "config/ingest" in text


@pytest.mark.parametrize(
    ("name", "data", "field"),
    [
        ("flags", {"learning": {"enabled": "true"}}, "learning.enabled"),
        ("ingest", {"shards": 0}, "shards"),
        ("access", {"serviceAccounts": {"x@y.org": "root"}}, "serviceAccounts"),
    ],
)
def test_a_document_that_does_not_parse_is_an_error_that_names_its_field(
    seeded: Store, name: str, data: dict[str, object], field: str
) -> None:
    seeded.set(Ref("config", name), data)
    severity, text, mend = found("seeds", case(seeded))[0]
    assert severity == "error"
    assert f"config/{name}" in text
    assert field in text
    assert mend
