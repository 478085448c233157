"""Placing: the address of the words, the shard, the times, and the collector's word."""

import json
from datetime import timedelta
from typing import Any

from ratchet.datasets.example import Content, Example
from ratchet.datasets.extract.place import placed
from ratchet.datasets.settings import DatasetSettings
from ratchet.store.blobs import address_of
from tests.support.extracting import event, extract
from tests.support.observing import NOON

GOOD: dict[str, Any] = {"quality": 5.0, "qualityScale": "1-5", "durationMs": 20_000.0}


def place(settings: DatasetSettings | None = None, **data: Any) -> tuple[Example, bytes]:
    return placed(
        extract("events", event(**data)),
        now=NOON,
        shards=4,
        retention=timedelta(days=30),
        settings=settings or DatasetSettings(),
    )


def test_the_words_are_where_their_hash_says() -> None:
    example, words = place(**GOOD)
    assert (example.content, example.content_bytes) == (address_of(words), len(words))
    assert Content.parse(json.loads(words)).output == "The 06:12."


def test_it_stays_as_long_as_it_is_kept_and_one_in_four_shards() -> None:
    example, _ = place(**GOOD)
    assert (example.collected_at, example.changed_at) == (NOON, NOON)
    assert example.expire_at == NOON + timedelta(days=30)
    assert 0 <= example.shard < 4
    assert example.redaction is None


def test_the_collectors_rule_is_that_of_the_settings() -> None:
    assert place(**GOOD)[0].reason == ""
    assert place(**{**GOOD, "quality": 3.0})[0].reason == "low-quality"
    assert place(DatasetSettings(min_quality=50.0), **{**GOOD, "quality": 3.0})[0].reason == ""
    assert place(**GOOD, output="")[0].reason == "no-output"
