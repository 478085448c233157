"""The messages of Slack and PagerDuty, as their documentation has them; pure."""

import hashlib
from typing import Any

from ratchet.govern.alerts.alert import Alert
from ratchet.govern.sinks.told import clip, evidence_command, headline, told

PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue"
LONGEST_KEY = 255  # characters of PagerDuty's dedup_key
LONGEST_BLOCK = 3000  # characters of a block of Slack's
ACTIONS = {"open": "trigger", "acknowledged": "acknowledge", "resolved": "resolve"}
_ESCAPED = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))


def slack(alert: Alert) -> dict[str, Any]:
    """Return a message for an incoming webhook: a line for the notice, and a block.

    Source: docs.slack.dev, incoming webhooks, and escaping of text.
    """
    line = escaped(headline(alert))
    answer = alert.resolved if alert.is_over else alert.acknowledged
    below = [f"{alert.what}, {clip(alert.subject)}, seen {alert.count} times"]
    if answer is not None:
        below.append(f"{answer.by}: {clip(answer.note)}")
    shown = f"*{line}*\n`{escaped(evidence_command(alert)).replace('`', '')}`"
    texts = [{"type": "plain_text", "text": text, "emoji": False} for text in below]
    return {
        "text": line,
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": shown[:LONGEST_BLOCK]}},
            {"type": "context", "elements": texts},
        ],
    }


def pagerduty(alert: Alert, routing_key: str) -> dict[str, Any]:
    """Return an event of the Events API v2; all turns of an alert are of one incident.

    Source: developer.pagerduty.com, Send an Alert Event.
    """
    event = {
        "routing_key": routing_key,
        "event_action": ACTIONS[alert.state],
        "dedup_key": dedup_key(alert),
    }
    if alert.state != "open":
        return event
    return event | {
        "client": "Ratchet",
        "payload": {
            "summary": clip(alert.text),
            "source": clip(alert.subject),
            "severity": alert.severity,
            "timestamp": alert.last_seen.isoformat(),
            "class": alert.what,
            "custom_details": told(alert),
        },
    }


def dedup_key(alert: Alert) -> str:
    """Return the alert's id, as its hash where PagerDuty would find it too long."""
    key = alert.key()
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def escaped(text: str) -> str:
    """Return a text in which nothing is a link, a mention or a call of everybody.

    >>> escaped("<!channel> & <https://x|here>")
    '&lt;!channel&gt; &amp; &lt;https://x|here&gt;'
    """
    for plain, instead in _ESCAPED:
        text = text.replace(plain, instead)
    return text
