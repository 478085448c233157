"""Files that a deployment sends to Google, as they are beside the sources, and what sends them."""

import json
from pathlib import Path
from typing import Any

from ratchet.entry.cloud import DEFAULT_DATABASE, Place

_PROJECT = Path(__file__).resolve().parents[4]
_SETTINGS = "firebase.json"
ABSENT = "{} is not beside the sources of this installation"


def project_file(name: str) -> Path | None:
    """Return a file of the project, None where only the package is installed."""
    path = _PROJECT / name
    return path if path.is_file() else None


def declared(path: Path) -> dict[str, Any]:
    """Return what a JSON file of the project declares."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def deployment(what: str, place: Place) -> str:
    """Return what deploys rules or indexes to a database; firebase.json alone names it."""
    command = f"firebase deploy --only firestore:{what}"
    if place.database in _databases():
        return command
    return f'name the database in {_SETTINGS}, "database": "{place.database}", then {command}'


def _databases() -> list[str]:
    """Return the databases that firebase.json names; without a name it is the default one."""
    path = project_file(_SETTINGS)
    found = declared(path).get("firestore", {}) if path else {}
    settings = found if isinstance(found, list) else [found]
    return [each.get("database", DEFAULT_DATABASE) for each in settings]
