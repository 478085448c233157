"""What is served is what is deployed, but for the triggers, which no caller reaches."""

import ast
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ratchet.entry.serve.functions import all_functions
from ratchet.entry.ticks import SCHEDULES
from tests.support.load import ADMIN, SERVICE, Process, served

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


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with served(tmp_path_factory.mktemp("served")) as process:
        yield process


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize(("token", "status"), [(ADMIN, 200), (SERVICE, 403), ("other", 401)])
def test_a_scheduled_function_is_for_admins_alone(
    process: Process, name: str, token: str, status: int
) -> None:
    headers = {"authorization": f"Bearer {token}"}
    assert httpx.post(f"{process.url}/{name}", headers=headers).status_code == status
