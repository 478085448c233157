"""The CloudEvents sink: an event of each turn, which CloudEvents' own library reads."""

import json
from typing import Any

from cloudevents.http import from_http

from ratchet.govern.alerts.alert import Alert
from ratchet.govern.sinks.cloudevents import CloudEventsSettings, tell
from ratchet.govern.sinks.sink import Post
from tests.support.governed import NOON
from tests.support.sinks import MINUTE, World, full

SETTINGS = {"urlEnv": "RATCHET_ALERT_URL", "source": "https://ratchet.example/prod"}


def sent(about: Alert, **given: Any) -> Post:
    world = World()
    tell(CloudEventsSettings.parse(SETTINGS | given), about, world.outlets)
    (post,) = world.posts
    return post


def test_an_event_is_what_the_specification_has() -> None:
    post = sent(full())
    assert post.headers == {"Content-Type": "application/cloudevents+json"}
    found = json.loads(post.body)
    assert found.pop("data")["text"] == "the disk is full"
    assert found == {
        "specversion": "1.0",
        "id": "full~disk~1~open~1",
        "source": "https://ratchet.example/prod",
        "type": "dev.ratchet.alert.opened",
        "subject": "full~disk",
        "time": "2026-01-01T12:00:00+00:00",
        "datacontenttype": "application/json",
    }


def test_the_library_of_cloudevents_reads_it() -> None:
    over = full().ended("ada", "made room", now=NOON + MINUTE)
    post = sent(over, keyEnv="RATCHET_ALERT_KEY")
    assert post.headers["Authorization"] == "Bearer s3cret-routing-key"
    event = from_http(dict(post.headers), post.body)
    assert event["type"] == "dev.ratchet.alert.resolved"
    assert event["id"] == "full~disk~1~resolved~2"
    assert (event.data["by"], event.data["note"]) == ("ada", "made room")


def test_the_same_turn_has_the_same_id_and_another_has_another() -> None:
    about = full()
    ids = [
        json.loads(sent(one).body)["id"]
        for one in (about, about, about.acked("ada", "on it", now=NOON))
    ]
    assert ids == ["full~disk~1~open~1", "full~disk~1~open~1", "full~disk~1~acknowledged~2"]
