"""The webhook sink: where it sends what, and how an answer is taken."""

import json
from typing import Any

import pytest

from ratchet.govern.sinks.webhook import WebhookSettings, tell
from ratchet.kernel.errors import Misconfigured, RatchetError, Refused, Throttled, Unavailable
from tests.support.sinks import SECRETS, World, full


def settings(**given: Any) -> WebhookSettings:
    return WebhookSettings.parse({"urlEnv": "RATCHET_ALERT_URL"} | given)


def test_json_goes_to_the_address_with_the_token() -> None:
    world = World()
    tell(settings(keyEnv="RATCHET_ALERT_KEY"), full(), world.outlets)
    (post,) = world.posts
    assert post.url == SECRETS["RATCHET_ALERT_URL"]
    assert post.headers == {
        "Content-Type": "application/json",
        "Authorization": "Bearer s3cret-routing-key",
    }
    assert json.loads(post.body) == {
        "id": "full~disk~1~open~1",
        "alert": "full~disk",
        "what": "full",
        "subject": "disk",
        "severity": "warning",
        "state": "open",
        "episode": 1,
        "text": "the disk is full",
        "command": "ratchet doctor",
        "count": 1,
        "firstSeen": 1767268800000,
        "lastSeen": 1767268800000,
    }


def test_the_evidence_stays_at_home() -> None:
    world = World()
    about = full().model_copy(update={"evidence": {"document": "what a person wrote"}})
    tell(settings(), about.model_copy(update={"command": ""}), world.outlets)
    assert b"what a person wrote" not in world.posts[0].body
    assert json.loads(world.posts[0].body)["command"] == "ratchet alerts show full~disk"


def test_pagerduty_has_one_address_and_its_key_in_the_body() -> None:
    world = World()
    known = WebhookSettings.parse({"shape": "pagerduty", "keyEnv": "RATCHET_ALERT_KEY"})
    tell(known, full(), world.outlets)
    (post,) = world.posts
    assert post.url == "https://events.pagerduty.com/v2/enqueue"
    assert json.loads(post.body)["routing_key"] == "s3cret-routing-key"
    assert "Authorization" not in post.headers


def test_slack_gets_its_shape() -> None:
    world = World()
    tell(settings(shape="slack"), full(), world.outlets)
    assert set(json.loads(world.posts[0].body)) == {"text", "blocks"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, Misconfigured),
        (400, Refused),
        (401, Misconfigured),
        (404, Misconfigured),
        (413, Refused),
        (429, Throttled),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_an_answer_that_is_no_success_is_a_failure_of_its_kind(
    status: int, kind: type[RatchetError]
) -> None:
    world = World()
    world.answers["hooks.example"] = status
    with pytest.raises(RatchetError, match=f"it answers {status}") as caught:
        tell(settings(), full(), world.outlets)
    assert type(caught.value) is kind


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_success_is_one(status: int) -> None:
    world = World()
    world.answers["hooks.example"] = status
    tell(settings(), full(), world.outlets)
    assert len(world.posts) == 1


@pytest.mark.parametrize("value", [None, "", " "])
def test_a_variable_that_is_not_set_is_named(value: str | None) -> None:
    world = World()
    world.secrets = {} if value is None else {"RATCHET_ALERT_URL": value}
    with pytest.raises(Misconfigured) as caught:
        tell(settings(), full(), world.outlets)
    assert caught.value.message == "RATCHET_ALERT_URL is not set"
    assert caught.value.field == "RATCHET_ALERT_URL"
    assert world.posts == []


def test_what_is_sent_shows_no_secret() -> None:
    world = World()
    tell(settings(keyEnv="RATCHET_ALERT_KEY"), full(), world.outlets)
    assert "s3cret" not in f"{world.posts!r} {world.outlets!r} {settings()!r}"
