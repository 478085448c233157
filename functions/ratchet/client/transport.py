"""What goes to the service and comes back, and the Protocols of what carries it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, get_args

from ratchet.client.batch import Batch
from ratchet.kernel.errors import Unavailable
from ratchet.rollouts.assign import Allocation, Mode, Slot

log = logging.getLogger("ratchet.client")


@dataclass(frozen=True)
class Rejected:
    """Why one observation or run was not taken; `index` is None where the whole batch was refused.

    A run's has its `run_id`, which is empty where a batch of several was refused as a whole.
    """

    index: int | None
    field: str
    reason: str
    batch: str = ""
    run_id: str = ""


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
            accepted = len(data["runs"]) if "runs" in data else int(data["accepted"])
            return cls(accepted, rejected, int(data.get("sampled", 0)))
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
    `rollout` says which unit meets which other version while a rollout runs.
    """

    policy: str
    version: str | None
    params: Mapping[str, Any]
    etag: str = ""
    stale: bool = False
    rollout: Allocation | None = None

    @classmethod
    def from_wire(cls, data: Any) -> Self:
        """Return the answer of its JSON; a rollout that is not understood is left out.

        Raises: Unavailable where it is not an answer of the service.
        """
        try:
            etag = str(data.get("etag", ""))
            version = str(data["version"])
            rollout = _allocation_of(data.get("rollout"), version)
            found = cls(str(data["policy"]), version, dict(data["params"]), etag, rollout=rollout)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Unavailable("the answer to resolve is not one of Ratchet's") from error
        return found

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON of the answer."""
        wire = {
            "policy": self.policy,
            "version": self.version,
            "params": dict(self.params),
            "etag": self.etag,
        }
        return wire if self.rollout is None else wire | {"rollout": _allocation_wire(self.rollout)}


def _allocation_of(data: Any, champion: str) -> Allocation | None:
    """Return the rollout of an answer; a newer service's may be of a kind unknown here."""
    if data is None:
        return None
    try:
        slots = tuple(
            Slot(
                str(a["arm"]), str(a["version"]), float(a["start"]), float(a["share"]), a["params"]
            )
            for a in data["arms"]
        )
        if data["mode"] not in get_args(Mode) or not all(isinstance(s.params, dict) for s in slots):
            raise ValueError(f"mode {data['mode']!r}")
        return Allocation(
            str(data["id"]), int(data["step"]), str(data["salt"]), data["mode"], champion, slots
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        log.warning("a rollout is left out, it is not understood: %r", error)
        return None


def _allocation_wire(rollout: Allocation) -> dict[str, Any]:
    return {
        "id": rollout.rollout_id,
        "step": rollout.step,
        "salt": rollout.salt,
        "mode": rollout.mode,
        "arms": [
            {"arm": s.arm, "version": s.version, "start": s.start, "share": s.share}
            | {"params": dict(s.params)}
            for s in rollout.slots
        ],
    }


class Transport(Protocol):
    """Carries batches, grades and questions to the service; every failure is a RatchetError."""

    def send(self, batch: Batch) -> SendResult:
        """Hand over one batch, of the kind that it says; the same id twice counts once."""
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
