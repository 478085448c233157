"""Files that a deployment sends to Google, as they are beside the sources."""

import json
from pathlib import Path
from typing import Any

_PROJECT = Path(__file__).resolve().parents[4]
ABSENT = "{} is not beside the sources of this installation"


def project_file(name: str) -> Path | None:
    """Return a file of the project, None where only the package is installed."""
    path = _PROJECT / name
    return path if path.is_file() else None


def declared(path: Path) -> dict[str, Any]:
    """Return what a JSON file of the project declares."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found
