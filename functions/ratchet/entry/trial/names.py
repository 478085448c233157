"""Names: which column plays which part, by the names that logs give them."""

import re
from collections.abc import Mapping, Sequence

# The parts that a column can play; for each, the names it goes by, the likelier first.
PARTS: Mapping[str, tuple[str, ...]] = {
    "arm": (
        *("arm", "rollout arm", "arm name", "variant", "variation", "treatment", "group"),
        *("model", "model name", "model id", "llm", "engine", "deployment", "provider"),
        *("policy version", "prompt version", "version", "strategy", "policy", "route"),
        *("backend", "component", "action", "action id", "item id", "item"),
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
        *("start time", "started at", "request timestamp", "logged at"),
    ),
    "propensity": (
        *("propensity", "propensity score", "pscore", "action prob", "action probability"),
        *("arm probability", "logging propensity", "logging probability"),
    ),
    "weight": ("weight", "sample weight"),
}
# What a name may end with, in lower case, and how many of our units one of it is.
UNITS: Mapping[str, Mapping[str, float]] = {
    "latency": {
        **dict.fromkeys(("ms", "msec", "msecs", "millis", "milliseconds"), 1.0),
        **dict.fromkeys(("s", "sec", "secs", "seconds"), 1000.0),
        **dict.fromkeys(("us", "usec", "micros", "microseconds"), 1e-3),
        **dict.fromkeys(("ns", "nanos", "nanoseconds"), 1e-6),
    },
    "cost": {
        **dict.fromkeys(("usd", "dollars", "dollar"), 1.0),
        **dict.fromkeys(("cents", "cent"), 1e-2),
        **dict.fromkeys(("micros", "microusd"), 1e-6),
    },
}
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
    """Return the unit that a column's name ends with, or nothing."""
    last = words(name)[-1:] or ("",)
    return last[0] if last[0] in UNITS.get(part, {}) else ""


def rank(part: str, name: str) -> int | None:
    """Return how well a name fits a part (0 is best), or None.

    A name counts whole, without its unit, or by the last part of its path.

    >>> rank("latency", "response_time_ms"), rank("latency", "usage.latency"), rank("cost", "id")
    (4, 100, None)
    """
    for path, less in ((name, 0), (name.rpartition(".")[2], 100)):
        found = words(path)
        for trial in (found, found[:-1] if unit_of(part, path) else found):
            if (place := _place(part, trial)) is not None:
                return less + place
    return None


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
