"""Sink: where alerts are told; what each is handed, and what becomes of an answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

from pydantic import StringConstraints

from ratchet.govern.alerts.alert import Alert
from ratchet.kernel.document import Model
from ratchet.kernel.errors import Misconfigured, RatchetError, Refused, Throttled, Unavailable

# The environment holds other secrets too, and whoever sets a sink must not be able to send those.
Variable = Annotated[str, StringConstraints(pattern=r"^RATCHET_ALERT_[A-Z0-9_]+$", max_length=100)]
Log = Callable[..., None]


@dataclass(frozen=True)
class Post:
    """One HTTP request; its address and headers may be secret, so that it shows neither."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes


@dataclass(frozen=True)
class Outlets:
    """What sinks reach the world by.

    `post` sends a request and returns the status of its answer, or raises Unavailable; `log`
    takes a level of `logging`, a text and fields; `secrets` is the environment.
    """

    post: Callable[[Post], int] = field(repr=False)
    log: Log = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)

    def secret(self, name: str) -> str:
        """Return the value of a variable.

        Raises: Misconfigured, with its name alone.
        """
        if value := self.secrets.get(name, "").strip():
            return value
        raise Misconfigured(
            f"{name} is not set", field=name, mend=f"set {name} where the functions run"
        )


class Sink(Protocol):
    """Tells one alert as it is now; `id` is the same where it is told again.

    Raises: Unavailable where nobody answers, Refused where this alert is not taken.
    """

    def __call__(self, settings: Any, alert: Alert, outlets: Outlets) -> None:
        """Tell it."""
        ...


@dataclass(frozen=True)
class Kind:
    """One kind of sink: what it takes as settings, parsed strictly, and how it tells."""

    settings: type[Model]
    tell: Sink


def telling_id(alert: Alert) -> str:
    """Return the id of one turn of an alert: told twice, it has it twice."""
    return f"{alert.key()}~{alert.episode}~{alert.state}~{alert.turn}"


def require_taken(status: int) -> None:
    """Refuse an answer that is no success; nothing of the answer's text is looked at.

    Raises: Misconfigured, Throttled, Unavailable, Refused.
    """
    if 200 <= status < 300:
        return
    told = f"it answers {status}"
    if 300 <= status < 400:
        raise Misconfigured(f"{told}: no redirect is followed", mend="name where it leads to")
    if status in (401, 403, 404, 405, 410):
        raise Misconfigured(told, mend="mend the address or the key that its settings name")
    if status == 429:
        raise Throttled(told, mend="it is told again later")
    if status >= 500 or status == 408:
        raise Unavailable(told, mend="it is told again later")
    raise Refused(told, mend="see what it takes")


def is_about_all(error: RatchetError) -> bool:
    """Say whether a failure is the sink's, so that no other alert would get through either."""
    return isinstance(error, Unavailable)
