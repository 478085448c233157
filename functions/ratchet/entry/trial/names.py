"""Names: which column plays which part, by the names that logs give them."""

import re
from collections.abc import Mapping, Sequence

from ratchet.entry.trial.likeness import LIKE

ALIKE = 200  # the best rank of a name that fits only by a word inside it
# The parts that a column can play; for each, the names it goes by, the likelier first.
PARTS: Mapping[str, tuple[str, ...]] = {
    "arm": (
        *("arm", "rollout arm", "arm name", "variant", "variation", "treatment", "group"),
        *("model", "model name", "model id", "llm", "engine", "deployment", "provider"),
        *("policy version", "prompt version", "version", "strategy", "policy", "route"),
        *("served by", "chosen", "backend", "component", "action", "action id", "item id", "item"),
    ),
    "unit": (
        *("unit", "unit id", "user id", "user", "customer id", "customer", "account id"),
        *("tenant id", "tenant", "session id", "session", "conversation id", "conversation"),
        *("thread id", "visitor id", "client id", "subject id", "subject"),
        *("question id", "prompt id", "query id", "task id"),
    ),
    "outcome": (
        *("outcome", "success", "succeeded", "is success", "ok", "status", "status code"),
        *("http status", "http code", "response code", "result", "passed", "pass", "correct"),
        *("is correct", "click", "clicked", "converted", "conversion", "resolved"),
        *("failed", "is failure", "is error", "error", "error code", "error type", "exception"),
    ),
    "quality": (
        *("quality", "quality score", "grade", "score", "rating", "stars", "judge score"),
        *("accuracy", "feedback", "thumbs", "helpfulness"),
    ),
    "reward": ("reward", "reward score"),
    "latency": (
        *("latency", "duration", "elapsed", "elapsed time", "response time", "total latency"),
        *("request time", "total time", "time taken", "runtime", "rt"),
    ),
    "cost": ("cost", "total cost", "price", "total price", "spend", "charge"),
    "ts": (
        *("ts", "timestamp", "time", "created at", "created", "datetime", "date", "event time"),
        *("when", "start time", "started at", "request timestamp", "logged at"),
    ),
    "propensity": (
        *("propensity", "propensity score", "pscore", "action prob", "action probability"),
        *("arm probability", "logging propensity", "logging probability", "p action"),
        *("prob", "probability"),
    ),
    "weight": ("weight", "sample weight"),
}
# What a name may end with, in lower case, and how many of our units one of it is.
UNITS: Mapping[str, Mapping[str, float]] = {
    "latency": {
        **dict.fromkeys(("ms", "msec", "msecs", "millis", "milliseconds"), 1.0),
        **dict.fromkeys(("s", "sec", "secs", "seconds"), 1000.0),
        "minutes": 60_000.0,
        **dict.fromkeys(("us", "usec", "micros", "microseconds"), 1e-3),
        **dict.fromkeys(("ns", "nanos", "nanoseconds"), 1e-6),
    },
    "cost": {
        **dict.fromkeys(("usd", "dollars", "dollar"), 1.0),
        **dict.fromkeys(("cents", "cent"), 1e-2),
        **dict.fromkeys(("micros", "microusd"), 1e-6),
    },
}
_GLUED = re.compile(r"(?:latency|time|duration|elapsed)(ms|msecs?|millis|us|ns|secs?|seconds)$")
NEGATED = frozenset({"failed", "is failure", "is error", "error", "error code", "error type"}) | {
    "exception"
}


def words(name: str) -> tuple[str, ...]:
    """Return the words of a column's name, in lower case.

    >>> words("durationMs"), words("latency_s"), words("costUSD"), words("metrics.p_score")
    (('duration', 'ms'), ('latency', 's'), ('cost', 'usd'), ('metrics', 'p', 'score'))
    """
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return tuple(re.findall(r"[a-z]+|\d+", apart.lower()))


def unit_of(part: str, name: str) -> str:
    """Return the unit that a column's name tells: its last word, the end of it, or one inside.

    A short word inside is none: `latency_us_east` is a place.

    >>> [unit_of("latency", n) for n in ("took_s", "elapsedms", "total_ms_p50", "us_time")]
    ['s', 'ms', 'ms', '']
    """
    units, found = UNITS.get(part, {}), words(name)
    if found and found[-1] in units:
        return found[-1]
    glued = _GLUED.search(found[-1]) if found and part == "latency" else None
    if glued:
        return glued[1]
    return next((word for word in found if word in units and word not in ("s", "us")), "")


def rank(part: str, name: str) -> int | None:
    """Return how well a name fits a part (0 is best), or None.

    A name counts whole, without its unit, by the last part of its path, or by a word inside it.

    >>> rank("latency", "response_time_ms"), rank("latency", "usage.latency"), rank("cost", "id")
    (4, 100, None)
    """
    for path, less in ((name, 0), (name.rpartition(".")[2], 100)):
        found = words(path)
        for trial in (found, found[:-1] if found[-1:] and found[-1] in UNITS.get(part, {}) else ()):
            if (place := _place(part, trial)) is not None:
                return less + place
    alike = LIKE[part].place(" ".join(words(name))) if part in LIKE else None
    return None if alike is None else ALIKE + alike


def candidates(part: str, names: Sequence[str]) -> list[str]:
    """Return the columns whose names fit a part, the best first."""
    fits = [(found, name) for name in names if (found := rank(part, name)) is not None]
    return [name for _, name in sorted(fits, key=lambda fit: fit[0])]


def is_negated(name: str) -> bool:
    """Say whether a column tells of errors, so that an empty cell is a success."""
    ends = (words(name), words(name.rpartition(".")[2]))
    return any("".join(end) == known.replace(" ", "") for end in ends for known in NEGATED)


def _place(part: str, found: tuple[str, ...]) -> int | None:
    joined = "".join(found)
    names = [known.replace(" ", "") for known in PARTS[part]]
    return names.index(joined) if joined in names else None
