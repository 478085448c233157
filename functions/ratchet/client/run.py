"""RunScope: a run as it happens, told when its block ends; and how a run becomes its JSON."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, Self

from ratchet.client.batch import camel, dump, wire_time
from ratchet.client.choice import Choice
from ratchet.kernel.errors import InvalidInput, TooLarge
from ratchet.rollouts.assign import Assignment

MAX_RUN = 65_536  # characters; the service takes 60,000 bytes, and says so run by run
_MET = ("rolloutId", "rolloutStep", "rolloutArm", "unit", "exposedAt")
_ADDED = ("metrics", "gates")  # what later tellings add to
_IDS = ("runId", "run_id")
Fields = dict[str, Any]


class Telling(Protocol):
    """What a scope tells to: either recorder."""

    def record(self, /, *observation: Mapping[str, Any], **fields: Any) -> None:
        """Take one observation."""
        ...

    def record_run(self, /, *run: Mapping[str, Any], **fields: Any) -> None:
        """Take one run."""
        ...


class RunScope:
    """A run that is under way; what its block knows of it is told once, when the block ends.

    with recorder.run("run-1", component="planner", budget={"max_cost_usd": 0.5}) as run:
        run.record(component="router:gpt-5", outcome="success", cost_usd=0.01)
        run.tell(gates={"tests": "passed"}, metrics={"grounding": 0.9})
    """

    def __init__(
        self, recorder: Telling, run_id: str, fields: Fields, now: Callable[[], float]
    ) -> None:
        self.run_id = run_id
        self._recorder = recorder
        self._told: list[Fields] = [fields]
        self._now = now
        self._began = now()

    def record(self, /, *observation: Mapping[str, Any], **fields: Any) -> None:
        """Take one observation of this run; never blocks, never raises."""
        self._recorder.record(*observation, **(fields | {"run_id": self.run_id}))

    def tell(self, **fields: Any) -> None:
        """Add what is known by now; `metrics` and `gates` add up, other fields are replaced."""
        self._told.append(fields)

    def __enter__(self) -> Self:
        self._began = self._now()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        first: Fields = {"outcome": "success", "durationMs": (self._now() - self._began) * 1000}
        last: Fields = {"run_id": self.run_id}
        if kind is not None:  # whatever was told before, the run did not come to its end
            first["errorCode"] = kind.__name__[:64]
            last["outcome"] = "timeout" if issubclass(kind, TimeoutError) else "failure"
        self._recorder.record_run(first, *self._told, **last)


def whole_run(tellings: tuple[Mapping[str, Any], ...], fields: Mapping[str, Any]) -> Fields:
    """Return one report of several tellings, under wire names; its maps and lists are copies.

    `served` becomes the version and the arm that served the run.

    Raises: InvalidInput; anything at all where a telling is no mapping.
    """
    run: Fields = {}
    for telling in (*tellings, fields):
        for name, value in telling.items():
            wire = camel(name)
            if wire in _ADDED and isinstance(value, Mapping):
                run[wire] = {**run.get(wire, {}), **value}
            elif value is not None:
                run[wire] = value.copy() if isinstance(value, dict | list) else value
    return served_fields(run.pop("served", None)) | run


def served_fields(served: Any) -> Fields:
    """Return what an assignment or a choice says of the run that it serves.

    Raises: InvalidInput.
    """
    if served is None:
        return {}
    if isinstance(served, Choice):
        told = {} if served.assignment is None else served_fields(served.assignment)
        version = served.policy_version
        return told if version is None else told | {"policyVersion": version}
    if not isinstance(served, Assignment):
        raise InvalidInput(
            f"served is a {type(served).__name__}",
            field="served",
            mend="give an Assignment, or the Choice of a PolicyClient",
        )
    if served.shadow:
        raise InvalidInput(
            "a shadow serves no run", field="served", mend="record it as an observation"
        )
    said = served.as_observation()
    return {name: said[name] for name in _MET if name in said} | {"policyVersion": served.version}


def told_id(tellings: tuple[Mapping[str, Any], ...], fields: Mapping[str, Any]) -> str:
    """Return the id that tellings give a run, as far as they can be read; else nothing."""
    named = [t[n] for t in (*tellings, fields) if type(t) is dict for n in _IDS if n in t]
    return named[-1] if named and isinstance(named[-1], str) else ""


def run_text(fields: Mapping[str, Any], stamp: datetime) -> str:
    """Return a run as JSON; `stamp` is its instant unless it brings a `ts`.

    Raises: InvalidInput, TypeError or ValueError for what has no JSON.
    """
    wire = dict(fields)
    for name in ("runId", "component"):
        if not isinstance(wire.get(name), str) or not wire[name]:
            raise InvalidInput(f"a run without {name}", field=name, mend=f"give {name} as text")
    if isinstance(wire.get("budget"), Mapping):
        wire["budget"] = {camel(k): v for k, v in wire["budget"].items() if v is not None}
    wire["ts"] = wire_time("ts", wire.get("ts", stamp))
    if "exposedAt" in wire:
        wire["exposedAt"] = wire_time("exposedAt", wire["exposedAt"])
    text = _encoded(wire)
    text.encode()  # a lone surrogate has no UTF-8
    if len(text) > MAX_RUN:
        raise TooLarge(f"a run of {len(text)} characters", mend=f"at most {MAX_RUN}")
    return text


def _encoded(wire: Mapping[str, Any]) -> str:
    """Return a run as JSON.

    Raises: InvalidInput that names the field which has none.
    """
    try:
        return dump(wire)
    except (TypeError, ValueError) as error:
        raise InvalidInput(str(error), field=_unfit(wire)) from error


def _unfit(wire: Mapping[str, Any]) -> str:
    """Return the path of the first field that has no JSON."""
    for name, value in wire.items():
        try:
            dump({name: value})
        except (TypeError, ValueError):
            inner = _unfit(value) if isinstance(value, Mapping) else ""
            return f"{name}.{inner}" if inner else str(name)
    return ""
