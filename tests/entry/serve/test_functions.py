"""What is served is what is deployed, but for the triggers, which no caller reaches."""

import ast
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from ratchet.entry.serve.functions import all_functions
from ratchet.entry.ticks import SCHEDULES
from ratchet.entry.wiring import serving, wire
from ratchet.kernel.errors import Forbidden, Unauthenticated
from ratchet.store.port import Store
from tests.support.governed import KEYS
from tests.support.load import ADMIN, SERVICE, Process, served
from tests.support.minted import google_at_the_edge

MAIN = Path(__file__).parents[3] / "functions" / "main.py"


def deployed() -> dict[str, set[str]]:
    """Return the names that main.py imports, by module."""
    tree = ast.parse(MAIN.read_text())
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {str(node.module): {alias.name for alias in node.names} for node in imports}


def test_every_function_but_the_triggers_is_served_by_its_name() -> None:
    found, named = all_functions(), deployed()
    triggers = named.pop("ratchet.entry.triggers")
    assert set(found.public) | set(found.private) == set().union(*named.values())
    assert triggers.isdisjoint({*found.public, *found.private})


def test_scheduled_functions_are_the_private_ones() -> None:
    assert set(all_functions().private) == set(SCHEDULES)


def test_a_scheduled_function_asks_for_revocation_and_for_the_role_as_it_is_now(
    embedded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with google_at_the_edge(monkeypatch) as google, serving(wire(embedded, KEYS)):
        google.roles["ada"] = "admin"
        token = google.signer.firebase("ada", role="admin")
        headers = Headers({"Authorization": f"Bearer {token}"})
        asked = Request(EnvironBuilder(method="POST", headers=headers).get_environ())
        admit = all_functions().admit
        admit(asked)
        google.roles["ada"] = "service"
        with pytest.raises(Forbidden):
            admit(asked)
        google.roles["ada"] = "admin"
        google.revoked.add("ada")
        with pytest.raises(Unauthenticated):
            admit(asked)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with served(tmp_path_factory.mktemp("served")) as process:
        yield process


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize(
    ("token", "status"), [(ADMIN, {200}), (SERVICE, {403}), ("other", {401, 429})]
)
def test_a_scheduled_function_is_for_admins_alone(
    process: Process, name: str, token: str, status: set[int]
) -> None:
    """A stranger's later guesses are not even looked at: they come too often."""
    headers = {"authorization": f"Bearer {token}"}
    assert httpx.post(f"{process.url}/{name}", headers=headers).status_code in status
