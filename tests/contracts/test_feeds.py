"""Every feed is registered under its file's name, can be switched off, and keeps to its pairs."""

import pytest

from ratchet.govern.roles import person
from ratchet.labels import feeds
from ratchet.labels.conflict import RANKS
from ratchet.labels.feeds import FEEDS
from ratchet.labels.feeds.feed import Look
from ratchet.labels.gold import take_gold
from ratchet.labels.label import Label
from ratchet.labels.settings import LabelSettings
from ratchet.store.port import Query
from ratchet.store.sqlite import SqliteStore
from tests.contracts.test_registries import modules
from tests.support.labelled import NIGHT, feeding
from tests.support.observing import KEYS, NOON

every = pytest.mark.parametrize("name", FEEDS)
GOLD = [{"agent": "a", "subject": "o1", "label": "bad"}]


def test_every_file_with_a_feed_is_registered_under_its_name() -> None:
    found = {name: m.FEED for name, m in modules(feeds).items() if hasattr(m, "FEED")}
    assert dict(FEEDS) == found
    assert set(modules(feeds)) - set(found) == {"feed"}


def test_every_feed_has_a_switch_and_a_rank() -> None:
    switches = {
        name for name, field in LabelSettings.model_fields.items() if field.annotation is bool
    }
    assert switches == set(FEEDS)
    assert set(FEEDS) | {"review"} == set(RANKS)


@every
def test_a_feed_writes_nothing_and_says_the_same_of_the_same_page(
    name: str, embedded: SqliteStore
) -> None:
    at = feeding(embedded)
    take_gold(embedded, "first", GOLD, actor=person("ada"), now=NOON)
    before = {kind: embedded.query(Query(kind)) for kind in embedded.collections()}
    told: list[object] = []
    settings = at.reader.read(LabelSettings)
    look = Look(embedded, KEYS, settings, frozenset(), NIGHT, told.append)
    labels: list[Label] = []
    for stream in FEEDS[name].streams(2):
        page = embedded.query(Query(stream.collection, stream.where, (stream.at,)))
        found = FEEDS[name].read(look, page)
        assert FEEDS[name].read(look, page) == found
        turned = FEEDS[name].read(look, page[::-1]).labels
        assert sorted(turned, key=Label.key) == sorted(found.labels, key=Label.key)
        labels += found.labels
    assert labels
    assert {one.source for one in labels} == {name}
    assert len({one.key() for one in labels}) == len(labels)
    assert told == []
    assert {kind: embedded.query(Query(kind)) for kind in embedded.collections()} == before
