"""What the tests of extracting share: one good payload of each source, and how it is extracted."""

from typing import Any

from ratchet.datasets.extract import EXTRACTORS
from ratchet.datasets.extract.extractor import Extracted
from tests.support.labelled import label
from tests.support.observing import NOON
from tests.support.told import a_run
from tests.support.trajectories import trajectory

EVENT_DATA: dict[str, Any] = {
    "taskId": "t-1",
    "component": "planner",
    "input": "Which train is the first to Leeds?",
    "output": "The 06:12.",
    "outcome": "success",
    "trace": [
        {"kind": "call", "role": "assistant", "name": "timetable", "text": '{"to":"Leeds"}'},
        {"kind": "result", "role": "tool", "name": "timetable", "text": "06:12", "ok": True},
    ],
}


def event(kind: str = "execution.completed", **data: Any) -> dict[str, Any]:
    """Return a CloudEvent of one execution; fields that are None are left out."""
    told = {name: value for name, value in (EVENT_DATA | data).items() if value is not None}
    return {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/planners/7",
        "type": kind,
        "time": "2026-03-01T08:00:00Z",
        "data": told,
    }


def run(**changes: Any) -> dict[str, Any]:
    """Return the payload of a run; `report` are fields of its report."""
    report = a_run(outcome="success", **changes.pop("report", {}))
    return {"run": report, "input": "Sum up the minutes.", "output": "They agreed."} | changes


def labelled(**fields: Any) -> dict[str, Any]:
    """Return the payload of a label on features."""
    features = fields.pop("features", {"hour": 3, "country": "PT"})
    return {"label": label("s1", "fraud", **fields).to_map(), "features": features}


def payloads() -> dict[str, dict[str, Any]]:
    """Return one good payload of each source."""
    return {
        "events": event(),
        "labels": labelled(),
        "runs": run(traces=['[{"kind": "message", "role": "user", "text": "Shorter."}]']),
        "trajectories": trajectory(3, 1, reward=1.0),
    }


def extract(source: str, payload: Any, source_id: str = "s-1") -> Extracted:
    """Extract a payload that arrived at noon."""
    return EXTRACTORS[source](payload, source_id=source_id, at=NOON)
