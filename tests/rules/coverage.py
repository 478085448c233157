"""What the emulator says of each expression of the rules: which values it had."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.emulator import server

RULES = Path(__file__).parents[2] / "firestore.rules"
_BASE = f"/emulator/v1/projects/{server.PROJECT}"


def forget(host: str) -> None:
    """Load the rules anew, which forgets what was evaluated."""
    rules = {"files": [{"name": RULES.name, "content": RULES.read_text()}]}
    answer = httpx.put(f"http://{host}{_BASE}:securityRules", json={"rules": rules}, timeout=30)
    answer.raise_for_status()


def report(host: str) -> dict[str, Any]:
    """Return the emulator's report."""
    answer = httpx.get(f"http://{host}{_BASE}:ruleCoverage", timeout=60).raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def gaps(found: dict[str, Any]) -> list[str]:
    """Name each expression that was never evaluated, and each condition with one outcome only.

    A condition is what was true, false or an error, whenever it was evaluated.
    """
    (file,) = found["rules"]["files"]
    return sorted({gap for top in found["report"] for gap in _gaps(top, file["content"])})


def _gaps(node: dict[str, Any], source: str) -> Iterator[str]:
    place = node["sourcePosition"]
    text = " ".join(source[place["currentOffset"] : place["endOffset"] + 1].split())
    values = [counted["value"] for counted in node.get("values", []) if counted["value"]]
    kinds = {kind for value in values for kind in value}
    is_condition = "boolValue" in kinds and kinds <= {"boolValue", "undefined"}
    seen = {value.get("boolValue") for value in values}
    if not values:
        yield f"line {place['line']}: `{text}` was never evaluated"
    elif is_condition and text not in ("true", "false"):
        for missing in sorted({True, False} - seen):
            yield f"line {place['line']}: `{text}` was never {str(missing).lower()}"
    for child in node.get("children", []):
        yield from _gaps(child, source)
