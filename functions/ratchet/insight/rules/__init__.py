"""The registry of rules: `config/alerts` switches and sets each by its name.

An edit that is put back (`hand-edit-put-back`) and a broken chain (`audit-broken`) are no rules
here: the verbs that find them tell of them.

To add one: write its file, add its line here and its name to `RuleName`, add its test.
"""

from collections.abc import Mapping

from ratchet.govern.alerts.rules import RuleName
from ratchet.insight.rule import EventRule, Rule
from ratchet.insight.rules import (
    below_min_acceptable,
    below_retrain,
    floor_or_cap_hit,
    label_growth_low,
    loss_degrading,
    rollout_promoted,
    rollout_rolled_back,
    rollout_stuck,
    scoring_lag,
    version_proposed,
)

RULES: Mapping[RuleName, Rule | EventRule] = {
    "below-min-acceptable": below_min_acceptable.RULE,
    "below-retrain": below_retrain.RULE,
    "floor-or-cap-hit": floor_or_cap_hit.RULE,
    "label-growth-low": label_growth_low.RULE,
    "loss-degrading": loss_degrading.RULE,
    "rollout-promoted": rollout_promoted.RULE,
    "rollout-rolled-back": rollout_rolled_back.RULE,
    "rollout-stuck": rollout_stuck.RULE,
    "scoring-lag": scoring_lag.RULE,
    "version-proposed": version_proposed.RULE,
}
