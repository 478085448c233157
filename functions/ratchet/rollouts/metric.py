"""Metrics: what a rollout is judged by, by name; imports no numpy, since doors read profiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ratchet.kernel.errors import InvalidInput
from ratchet.stats.loss_terms import LOSS, TERMS

ERROR = "error:"
OF_LOSS = f"{LOSS}:"
# How many were drawn and answered, what they stand for, and how far the judges are off in all that.
DRAWN = ("drawn", "drawn_w", "drawn_wx")
_SCALES = {"reward": 10**6, "quality": 10**6, "cost": 10**9, "loss": 10**6}  # as in stats/moments


@dataclass(frozen=True)
class Metric:
    """One metric: `(num - less) / den`, fields of RolloutSums (`field:name` of one that has names).

    They are in `scale` integer units; `span` is the width of its range; `rests_on` names what must
    be unknown alike in both arms for the arms to compare. One that is `corrected` adds the mean
    error of the drawn (see `corrected`).
    """

    name: str
    kind: Literal["mean", "rate"]
    better: Literal["higher", "lower"]
    num: str
    den: str
    less: str = ""
    scale: int = 1
    span: float | None = 1.0
    rests_on: tuple[str, ...] = ()
    corrected: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields of RolloutSums that it is made of."""
        of_drawn = DRAWN if self.corrected else ()
        return tuple(name for name in (self.num, self.den, self.less, *of_drawn) if name)

    @property
    def sign(self) -> int:
        """Return 1 where more is better, else -1."""
        return 1 if self.better == "higher" else -1


def _mean(name: str, den: str, **other: Any) -> Metric:
    return Metric(name, "mean", num=f"{name}_wx", den=den, scale=_SCALES[name], **other)


def _of_runs(of: str, *terms: str) -> Metric:
    """Return a mean over runs; the whole loss leaves out what is missing, so it rests on it all."""
    name = of if of == LOSS else OF_LOSS + of
    rests_on = ("runs", *(OF_LOSS + term for term in terms))
    num, den = f"run_wx:{of}", f"run_w:{of}"
    return Metric(name, "mean", "lower", num, den, scale=_SCALES[LOSS], rests_on=rests_on)


# A reward has no penalty for an unknown cost or latency, and takes an ungraded success as good.
METRICS: Mapping[str, Metric] = {
    "reward": _mean("reward", "w", better="higher", rests_on=("cost", "latency", "quality")),
    "quality": _mean("quality", "quality_w", better="higher", rests_on=("quality",)),
    "corrected": Metric(
        "corrected",
        "mean",
        "higher",
        "judged_wx",
        "judged_w",
        scale=_SCALES["quality"],
        rests_on=("corrected",),
        corrected=True,
    ),
    "cost": _mean("cost", "cost_w", better="lower", rests_on=("cost",), span=None),
    "success": Metric("success", "rate", "higher", "success", "w"),
    "failure": Metric("failure", "rate", "lower", "failure", "w"),
    "timeout": Metric("timeout", "rate", "lower", "timeout", "w"),
    "slow": Metric("slow", "rate", "lower", "over", "latency_w", rests_on=("latency",)),
    LOSS: _of_runs(LOSS, *TERMS),
}


def metric_named(name: str) -> Metric:
    """Return a metric; `error:CODE` is the share of observations with that error code.

    `loss:TERM` is the mean of a term of the run loss, over the runs that know it: 0 is perfect.

    Raises: InvalidInput.
    """
    if name.startswith(ERROR) and name != ERROR:
        return Metric(name, "rate", "lower", name, "w", rests_on=("code",))
    if name.startswith(OF_LOSS):
        return _of_term(name)
    if name not in METRICS:
        raise InvalidInput(
            f"metric {name!r} is not known",
            field="metric",
            mend=f"one of {', '.join(METRICS)}, {OF_LOSS}TERM, {ERROR}CODE",
        )
    return METRICS[name]


def _of_term(name: str) -> Metric:
    term = name.removeprefix(OF_LOSS)
    if term not in TERMS:
        raise InvalidInput(
            f"metric {name!r}: the run loss has no such term",
            field="metric",
            mend=f"one of {', '.join(OF_LOSS + term for term in TERMS)}",
        )
    return _of_runs(term, term)
