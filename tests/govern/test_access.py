from datetime import UTC, datetime
from typing import Any

import pytest

from ratchet.govern.access import Access
from ratchet.govern.config import load_config
from ratchet.kernel.errors import InvalidConfig
from ratchet.store.port import Ref, Store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
WHERE = Ref("config", "access")


def test_nobody_is_on_the_list_by_default(store: Store) -> None:
    found = load_config(store, Access, now=NOON)
    assert (found.service_accounts, found.audiences) == ({}, [])
    assert (found.requests_per_minute, found.failures_per_minute) == (6000, 60)


def test_the_list_is_read_from_the_store(store: Store) -> None:
    listed = {
        "v": 1,
        "serviceAccounts": {"router@p.iam.gserviceaccount.com": "service", "ada@x.org": "admin"},
        "audiences": ["https://ratchet.example"],
        "requestsPerMinute": 5,
    }
    store.set(WHERE, listed)
    found = load_config(store, Access, now=NOON)
    assert found.service_accounts["ada@x.org"] == "admin"
    assert (found.audiences, found.requests_per_minute) == (["https://ratchet.example"], 5)


def test_a_broken_edit_leaves_the_last_good_list_standing(store: Store) -> None:
    store.set(WHERE, {"v": 1, "serviceAccounts": {"ada@x.org": "admin"}})
    load_config(store, Access, now=NOON)
    store.set(WHERE, {"v": 1, "serviceAccounts": {"eve@x.org": "owner"}})
    assert load_config(store, Access, now=NOON).service_accounts == {"ada@x.org": "admin"}


@pytest.mark.parametrize(
    "data",
    [
        {"serviceAccounts": {"ada@x.org": "owner"}},
        {"serviceAccounts": {"ada@x.org": None}},
        {"serviceAccounts": {"ada": "admin"}},
        {"serviceAccounts": {"*": "admin"}},
        {"serviceAccounts": {"ada@x.org\n": "admin"}},
        {"serviceAccounts": {"a b@x.org": "admin"}},
        {"serviceAccounts": ["ada@x.org"]},
        {"audiences": [""]},
        {"audiences": "https://ratchet.example"},
        {"requestsPerMinute": 0},
        {"requestsPerMinute": "60"},
        {"requestsPerMinute": True},
        {"failuresPerMinute": -1},
        {"accounts": {}},
    ],
)
def test_what_is_no_such_list_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfig):
        Access.parse(data)
