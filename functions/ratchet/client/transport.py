"""What goes to the service and comes back, and the Protocols of what carries it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from ratchet.client.batch import Batch
from ratchet.kernel.errors import Unavailable


@dataclass(frozen=True)
class Rejected:
    """Why one observation was not taken; `index` is None where the whole batch was refused."""

    index: int | None
    field: str
    reason: str
    batch: str = ""


@dataclass(frozen=True)
class SendResult:
    """The service's answer for one batch; `sampled` counts what its sampling left out."""

    accepted: int
    rejected: tuple[Rejected, ...] = ()
    sampled: int = 0

    @classmethod
    def from_wire(cls, data: Any) -> Self:
        """Return the result of an answer's JSON.

        Raises: Unavailable where it is not an answer of the service, so that it is asked again.
        """
        try:
            rejected = tuple(rejected_of(item) for item in data.get("rejected", ()))
            return cls(int(data["accepted"]), rejected, int(data.get("sampled", 0)))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Unavailable("the answer to a batch is not one of Ratchet's") from error


def rejected_of(item: Any) -> Rejected:
    """Return one refusal of an answer's JSON, leniently: it is shown to people only."""
    index = item.get("index")
    return Rejected(
        index if isinstance(index, int) else None,
        str(item.get("field", "")),
        str(item.get("reason", "")),
    )


@dataclass(frozen=True)
class Resolved:
    """The version a component should run; `stale` says the service did not confirm it just now.

    `version` is None for the defaults a component brings along for a start without the service.
    """

    policy: str
    version: str | None
    params: Mapping[str, Any]
    etag: str = ""
    stale: bool = False

    @classmethod
    def from_wire(cls, data: Any) -> Self:
        """Return the answer of its JSON.

        Raises: Unavailable where it is not an answer of the service.
        """
        try:
            etag = str(data.get("etag", ""))
            found = cls(str(data["policy"]), str(data["version"]), dict(data["params"]), etag)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Unavailable("the answer to resolve is not one of Ratchet's") from error
        return found

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON of the answer."""
        return {
            "policy": self.policy,
            "version": self.version,
            "params": dict(self.params),
            "etag": self.etag,
        }


class Transport(Protocol):
    """Carries batches, grades and questions to the service; every failure is a RatchetError."""

    def send(self, batch: Batch) -> SendResult:
        """Hand over one batch; the same id twice counts once."""
        ...

    def feedback(self, items: Sequence[Mapping[str, Any]]) -> SendResult:
        """Hand over late grades."""
        ...

    def resolve(self, policy: str, etag: str | None) -> Resolved | None:
        """Return the version to run, or None where `etag` still names it."""
        ...


class AsyncTransport(Protocol):
    """As Transport, for asyncio."""

    async def send(self, batch: Batch) -> SendResult:
        """Hand over one batch; the same id twice counts once."""
        ...

    async def feedback(self, items: Sequence[Mapping[str, Any]]) -> SendResult:
        """Hand over late grades."""
        ...

    async def resolve(self, policy: str, etag: str | None) -> Resolved | None:
        """Return the version to run, or None where `etag` still names it."""
        ...
