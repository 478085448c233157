"""The registry of feeds: one file, one line here, its switch in `config/labels`, one test."""

from collections.abc import Mapping

from ratchet.labels.feeds import approvals, feedback, gold, outcomes
from ratchet.labels.feeds.feed import Feed

FEEDS: Mapping[str, Feed] = {
    "approvals": approvals.FEED,
    "feedback": feedback.FEED,
    "gold": gold.FEED,
    "outcomes": outcomes.FEED,
}
