"""Graded: what the words on one observation come to, for its reward and for its rollout; pure."""

from collections.abc import Mapping
from typing import Any

from ratchet.observe.grade import JUDGES, REVIEW

Given = Mapping[str, Mapping[str, Any]]


def graded(reward: Mapping[str, Any], given: Given) -> dict[str, Any]:
    """Return a reward with the quality and outcome that its feedback says.

    Quality is the mean over sources, but a reviewer's grade replaces the judges'; the outcome is
    the one that was stated last. Without either, the observation's own counts.
    """
    told = {source: entry["grade"] for source, entry in given.items() if "grade" in entry}
    grades = [grade for source, grade in told.items() if source != JUDGES or REVIEW not in told]
    stated = [(entry["ts"], entry["outcome"]) for entry in given.values() if "outcome" in entry]
    out = {k: v for k, v in reward.items() if k not in ("outcome", "quality")}
    if grades:
        out["quality"] = round(sum(grades) / len(grades), 6)
    if stated:
        out["outcome"] = max(stated)[1]
    return out


def judged(given: Given) -> dict[str, Any]:
    """Return what a rollout's corrected mean counts: `judged`, `drawn`, and `person` or `asked`.

    `judged` is the judges' grade, `drawn` the probability with which the observation was drawn for
    a person, `person` what he says of it.
    """
    review = given.get(REVIEW, {})
    known = {
        "judged": given.get(JUDGES, {}).get("grade"),
        "drawn": review.get("propensity"),
        "person": review.get("grade"),
        "asked": review.get("asked"),
    }
    return {name: value for name, value in known.items() if value is not None}
