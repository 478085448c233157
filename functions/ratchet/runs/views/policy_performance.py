"""The loss of each policy version's runs against that of the version it is to better."""

import re
from collections.abc import Iterator, Mapping

from ratchet.kernel.document import Model
from ratchet.kernel.each import each
from ratchet.kernel.errors import NotFound
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import get_version, parse_head
from ratchet.policies.propose import is_policy_id
from ratchet.policies.version import SEMVER, key_parts, version_key
from ratchet.runs.beside import Beside, beside
from ratchet.runs.read_trend import list_trends
from ratchet.runs.trend import RunTrend
from ratchet.runs.views.look import Look
from ratchet.stats.intervals import Interval
from ratchet.store.port import Ref


class PolicyPerformanceRow(Model):
    """A version's runs against its control's: mean losses, candidate less control, and of how many.

    Below 0 the candidate is better. Of the `sameDays` on which both ran; where they are fewer than
    three, of all days of each, and what changed in between is in the delta. No interval where
    either has fewer than three days with runs.
    """

    component: str
    candidate: str
    control: str
    candidate_avg_loss: float
    control_avg_loss: float
    delta: float
    interval: Interval | None
    candidate_runs: int
    control_runs: int
    same_days: int


def rows(look: Look) -> list[PolicyPerformanceRow]:
    """Return a row for each version that ran beside, or after, its control in the last days.

    The control is the version's parent where that has runs, else the version that is active now.
    """
    trends = list_trends(look.store, look.component, days=look.days, now=look.now, tell=look.tell)
    return [row for trend in trends for row in _of_component(look, trend)]


def _of_component(look: Look, trend: RunTrend) -> Iterator[PolicyPerformanceRow]:
    by_day = {version: trend.loss_by_day(version) for version in trend.versions}
    losses = {v: days for v, days in by_day.items() if any(day.w for day in days.values())}
    if len(losses) < 2:
        return
    for candidate, days in losses.items():
        for control in each([candidate], lambda v: _control(look, v, losses), look.tell):
            if control is not None and (compared := beside(days, losses[control])):
                yield _row(trend.component, candidate, control, compared)


def _control(look: Look, version: str, losses: Mapping[str, object]) -> str | None:
    """Return what a version is held against, None where that has no runs."""
    policy_id, number = key_parts(version)
    if not is_policy_id(policy_id) or not re.fullmatch(SEMVER, number):
        return None  # whatever the runs named, it is no version of a policy
    try:
        parent = get_version(look.store, look.keys, policy_id, number).parent
    except NotFound:
        parent = None
    if parent in losses:
        return parent
    found = look.store.get(Ref(PolicyHead.collection, policy_id))
    head = parse_head(found) if found else None
    active = version_key(policy_id, head.active) if head and head.active else None
    return active if active in losses and active != version else None


def _row(component: str, candidate: str, control: str, compared: Beside) -> PolicyPerformanceRow:
    return PolicyPerformanceRow(
        component=component,
        candidate=candidate,
        control=control,
        candidate_avg_loss=compared.mean,
        control_avg_loss=compared.reference,
        delta=compared.difference,
        interval=compared.interval,
        candidate_runs=compared.runs,
        control_runs=compared.reference_runs,
        same_days=compared.same_days,
    )
