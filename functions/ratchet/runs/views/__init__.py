"""Views of runs by name: a file holds the columns of one, and what fills its rows."""

from collections.abc import Mapping

from ratchet.runs.views import loss_trend, policy_performance, study_success
from ratchet.runs.views.look import View

VIEWS: Mapping[str, View] = {
    "loss_trend": loss_trend.rows,
    "policy_performance": policy_performance.rows,
    "study_success": study_success.rows,
}
