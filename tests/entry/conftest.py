from pathlib import Path

import pytest

from tests.support.commands import Ratchet, command_line
from tests.support.doors import clock, functions, governed

__all__ = ["clock", "functions", "governed"]


@pytest.fixture
def ratchet(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Ratchet:
    """The command line in an empty folder, where the store is a file."""
    monkeypatch.chdir(tmp_path)
    for name in ("RATCHET_STORE", "RATCHET_KEY", "RATCHET_ACTOR", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return command_line(capsys)
