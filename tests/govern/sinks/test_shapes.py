"""The messages of Slack and PagerDuty, held against ones that were written by hand."""

from ratchet.govern.alerts.alert import alert
from ratchet.govern.sinks.shapes import dedup_key, pagerduty, slack
from tests.support.governed import NOON
from tests.support.sinks import MINUTE, full


def test_slack_is_told_a_line_and_a_block_with_the_command() -> None:
    assert slack(full(severity="critical")) == {
        "text": "critical, opened: the disk is full",
        "blocks": [
            {
                "type": "section",
                "text": {
                    "type": "mrkdwn",
                    "text": "*critical, opened: the disk is full*\n`ratchet doctor`",
                },
            },
            {
                "type": "context",
                "elements": [
                    {"type": "plain_text", "text": "full, disk, seen 1 times", "emoji": False}
                ],
            },
        ],
    }


def test_slack_is_told_who_saw_to_it() -> None:
    known = full().acked("ada", "on it", now=NOON)
    told = slack(known)
    assert told["text"] == "warning, acknowledged: the disk is full"
    assert [e["text"] for e in told["blocks"][1]["elements"]] == [
        "full, disk, seen 1 times",
        "ada: on it",
    ]


def test_a_text_calls_nobody_and_links_to_nothing_and_fits_slack() -> None:
    evil = alert("x", "y", "info", "<!channel> <https://evil|ok> & `rm`", now=NOON, command="a`b")
    told = slack(evil)
    assert told["text"] == "info, opened: &lt;!channel&gt; &lt;https://evil|ok&gt; &amp; `rm`"
    assert told["blocks"][0]["text"]["text"].endswith("\n`ab`")
    long = alert("x", "y" * 9000, "info", "&" * 9000, now=NOON, command="c" * 9000)
    assert len(slack(long)["blocks"][0]["text"]["text"]) == 3000


def test_pagerduty_gets_a_trigger_of_the_events_api() -> None:
    assert pagerduty(full(severity="critical"), "R0") == {
        "routing_key": "R0",
        "event_action": "trigger",
        "dedup_key": "full~disk",
        "client": "Ratchet",
        "payload": {
            "summary": "the disk is full",
            "source": "disk",
            "severity": "critical",
            "timestamp": "2026-01-01T12:00:00+00:00",
            "class": "full",
            "custom_details": {
                "id": "full~disk~1~open~1",
                "alert": "full~disk",
                "what": "full",
                "subject": "disk",
                "severity": "critical",
                "state": "open",
                "episode": 1,
                "text": "the disk is full",
                "command": "ratchet doctor",
                "count": 1,
                "firstSeen": 1767268800000,
                "lastSeen": 1767268800000,
            },
        },
    }


def test_pagerduty_hears_that_the_same_incident_is_seen_to_and_over() -> None:
    known = full().acked("ada", "on it", now=NOON)
    assert pagerduty(known, "R0") == {
        "routing_key": "R0",
        "event_action": "acknowledge",
        "dedup_key": "full~disk",
    }
    over = known.ended("machine", "gone", now=NOON + MINUTE)
    assert pagerduty(over, "R0")["event_action"] == "resolve"


def test_a_key_that_is_too_long_for_pagerduty_is_its_hash() -> None:
    long = full("d" * 251)
    assert len(long.key()) == 256
    assert len(dedup_key(long)) == 64
    assert dedup_key(long) != dedup_key(full("d" * 252))
    assert dedup_key(full("d" * 250)) == f"full~{'d' * 250}"
