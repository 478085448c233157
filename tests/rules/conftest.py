"""An emulator of its own that holds firestore.rules, and a door for each kind of caller."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing

import httpx
import pytest

from tests.emulator import server
from tests.rules import seeded
from tests.rules.coverage import RULES
from tests.rules.rest import CLAIMS, OWNER, Door, unsigned

Doors = dict[str, Door]


@pytest.fixture(scope="session")
def rules_host() -> Iterator[str]:
    """The `host:port` of an emulator that holds the rules."""
    try:
        host, stop = server.start(rules=RULES)
    except server.NoEmulator as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
    yield host
    stop()


@pytest.fixture(scope="session")
def doors(rules_host: str) -> Iterator[Doors]:
    """A door for each kind of caller, and the owner's, by name."""
    tokens = {who: claims if claims is None else unsigned(claims) for who, claims in CLAIMS.items()}
    with ExitStack() as open_doors:
        yield {
            who: open_doors.enter_context(closing(Door(rules_host, token)))
            for who, token in (tokens | {"owner": OWNER}).items()
        }


@pytest.fixture
def seeds(doors: Doors) -> Doors:
    """The doors to a database that holds one document of each collection."""
    doors["owner"].clear()
    answer = doors["owner"].commit(*seeded.writes())
    assert answer.status_code == httpx.codes.OK, answer.text
    return doors
