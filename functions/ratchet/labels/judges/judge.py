"""Judge: says of one subject which class it has, or what it is worth; or why it cannot say."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from pydantic import StringConstraints

from ratchet.kernel.clock import Clock
from ratchet.kernel.document import Model
from ratchet.labels.judgement import Position
from ratchet.labels.label import Class
from ratchet.observe.observation import Share
from ratchet.store.port import Store

# A dotted path into an observation, like `tokensIn` or `meta.answer`.
Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.]*$", max_length=200)]


class Verdict(Model):
    """What a judge says of a case, once: a class, a score 0..1, or both.

    With `guessed`, whoever was asked did not tell what it cost. Units: costUsd in US dollars.
    """

    label: Class | None = None
    score: Share | None = None
    confidence: Share | None = None
    position: Position | None = None
    repeat: int = 0
    cost_usd: float | None = None
    guessed: bool = False


@dataclass(frozen=True)
class Unsaid:
    """Why there is no verdict: the case is not the judge's, or by its `fault`, what it said."""

    why: str
    fault: bool = False
    cost_usd: float = 0.0
    guessed: bool = False


Said = tuple[Verdict, ...] | Unsaid


@dataclass(frozen=True)
class Case:
    """One subject of an agent, and the observation that it is, as it is stored."""

    agent: str
    subject: str
    observation: Mapping[str, Any]

    def at(self, path: str) -> Any:
        """Return what lies at a dotted path of the observation; None where nothing does."""
        value: Any = self.observation
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value


@dataclass(frozen=True)
class Seat:
    """What a judge is opened with: its name, its settings, and where it keeps what it spent."""

    store: Store
    clock: Clock
    judge: str
    settings: Model


class Judge(Protocol):
    """Says the same of the same case, or as nearly as it can; it writes no judgement itself.

    Raises: Unavailable where what it asks does not answer, Refused where it may spend no more.
    """

    def __call__(self, case: Case) -> Said:
        """Judge one case."""
        ...


class Opening(Protocol):
    """Opens a judge for many cases.

    Raises: InvalidInput where it lacks something on this machine.
    """

    def __call__(self, seat: Seat) -> AbstractContextManager[Judge]:
        """Open it; it is closed behind the last case."""
        ...


@dataclass(frozen=True)
class Kind:
    """One kind of judge: what it takes as settings, parsed strictly, and how it is opened."""

    settings: type[Model]
    opened: Opening
