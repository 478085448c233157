"""Fixtures of every test: the two stores, and the watch over the queries that were made."""

import os
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import hypothesis
import pytest

from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.emulator import server
from tests.support import recording

recording.watch(SqliteStore)
os.environ.pop("COLUMNS", None)  # workers of pytest-xdist have one, and consoles keep it for good
# A loaded machine is slow, not wrong.
hypothesis.settings.register_profile("ratchet", deadline=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=10)  # of `make check`
hypothesis.settings.load_profile("ratchet")
_NARROWING = ("keyword", "markexpr", "lf", "last_failed", "stepwise", "deselect", "ignore")
_SEEN = "queries"  # what a worker of pytest-xdist hands over when it ends
# Emulators that are not the one all others share; what needs either may run beside those.
_OWN = {"told", "rules_host"}
_VERDICT = pytest.StashKey[tuple[list[str], list[str]]]()


@pytest.fixture
def embedded() -> Iterator[SqliteStore]:
    """The embedded store, in memory."""
    store = SqliteStore()
    yield store
    store.close()


@pytest.fixture(scope="session")
def emulator_host() -> Iterator[str]:
    """The `host:port` of a Firestore emulator: the one that runs, else one of our own."""
    running = os.environ.get("FIRESTORE_EMULATOR_HOST")
    if running:
        yield running
        return
    try:
        host, stop = server.start()
    except server.NoEmulator as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", host)
        yield host
    stop()


@pytest.fixture(scope="session")
def _firestore(emulator_host: str) -> Iterator[Store]:
    from ratchet.store.firestore import FirestoreStore

    recording.watch(FirestoreStore)
    store = FirestoreStore(server.PROJECT)
    yield store
    store.close()


@pytest.fixture(params=["embedded", pytest.param("emulator", marks=pytest.mark.emulator)])
def store(request: pytest.FixtureRequest) -> Store:
    """Each store in turn, empty."""
    if request.param == "embedded":
        embedded: Store = request.getfixturevalue("embedded")
        return embedded
    firestore: Store = request.getfixturevalue("_firestore")
    server.clear(request.getfixturevalue("emulator_host"))
    return firestore


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let every test that has no emulator be one line together."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and server.HOW in report.longrepr[2]:
        report.longrepr = (__file__, 1, report.longrepr[2])
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share an emulator in one process, one after the other."""
    for item in items:
        if item.get_closest_marker("emulator"):
            own = _OWN & set(getattr(item, "fixturenames", ()))
            item.add_marker(pytest.mark.xdist_group("own" if own else "shared"))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the queries of a worker that ends; one that crashed has told none."""
    told: Mapping[str, Any] = getattr(node, "workeroutput", {})
    for shape, said in recording.unpacked(told.get(_SEEN, [])).items():
        recording.SEEN.setdefault(shape, said)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a session that made a query which production would refuse."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output[_SEEN] = recording.packed(recording.SEEN)
        return
    verdict = recording.judge(recording.SEEN, whole=_is_whole(session))
    session.config.stash[_VERDICT] = verdict
    if verdict[0] and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name the indexes that are missing or idle."""
    failures, warnings = config.stash.get(_VERDICT, ([], []))
    for line in failures:
        terminalreporter.write_line(f"INDEX {line}", red=True)
    for line in warnings:
        terminalreporter.write_line(f"index: {line}", yellow=True)


def _is_whole(session: pytest.Session) -> bool:
    """Say whether every test of the project ran to its end."""
    config = session.config
    narrowed = any(config.getoption(name, None) for name in _NARROWING)
    listed = [str(config.rootpath / path) for path in config.getini("testpaths")]
    given = [str(config.invocation_params.dir / path) for path in config.args]
    stopped = bool(session.shouldstop or session.shouldfail)
    return not narrowed and not stopped and sorted(given) == sorted(listed)
