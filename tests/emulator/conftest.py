"""A Firestore emulator that tells of every write, and a project in it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from ratchet.store.firestore import FirestoreStore
from tests.emulator import server
from tests.emulator.cloud import PATTERNS, Cloud
from tests.emulator.triggers import Receiver, emulator_with_triggers
from tests.support import recording

Told = tuple[str, Receiver, FirestoreStore]


@pytest.fixture(scope="session")
def told() -> Iterator[Told]:
    """An emulator of its own with triggers, what receives its events, and a store on it."""
    with ExitStack() as stack:
        try:
            host, receiver = stack.enter_context(emulator_with_triggers(PATTERNS))
        except server.NoEmulator as error:
            if os.environ.get("CI") == "true":
                pytest.fail(str(error), pytrace=False)
            pytest.skip(str(error))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FIRESTORE_EMULATOR_HOST", host)
            store = FirestoreStore(server.PROJECT)
        recording.watch(FirestoreStore)
        stack.callback(store.close)
        yield host, receiver, store


@pytest.fixture
def cloud(told: Told) -> Iterator[Cloud]:
    """An empty project in the emulator, with its functions and its triggers."""
    cloud = Cloud(*told)
    cloud.start()
    yield cloud
    cloud.close()
