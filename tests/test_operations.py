"""docs/operations.md keeps its word: its commands run, in their order, on the embedded store."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ratchet.entry.accounts import User
from ratchet.entry.cli import admin as admin_commands
from tests.support.commands import Ratchet, command_line

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "operations.md").read_text()
BLOCKS = re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
JSON = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]
LINES = [line for block in BLOCKS for line in re.findall(r"^\$ (.*)$", block, re.MULTILINE)]


class People:
    """The users of a project, in memory."""

    def __init__(self, *emails: str) -> None:
        self.users = {email: User(uid=f"uid-{i}", email=email) for i, email in enumerate(emails)}

    def by_email(self, email: str) -> User:
        return self.users[email]

    def by_uid(self, uid: str) -> User:
        return next(user for user in self.users.values() if user.uid == uid)

    def everyone(self) -> Iterator[User]:
        return iter(list(self.users.values()))

    def set_claims(self, uid: str, claims: Mapping[str, Any]) -> None:
        user = self.by_uid(uid)
        self.users[user.email] = user.model_copy(update={"claims": dict(claims)})

    def end_sessions(self, uid: str) -> None:
        assert self.by_uid(uid)


def test_the_commands_of_operations_run_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("RATCHET_STORE", "RATCHET_KEY", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RATCHET_KEY", "k" * 32)
    people = People("ada@example.com", "eve@example.com")
    people.set_claims("uid-1", {"role": "service"})
    monkeypatch.setattr(admin_commands, "_accounts", lambda store: people)
    for name, told in (("access", "serviceAccounts"), ("alerts", "sinks"), ("ingest", "shards")):
        (document,) = [block for block in JSON if told in block]
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    ratchet: Ratchet = command_line(capsys)
    for line in LINES:
        program, *arguments = shlex.split(line)
        assert program == "ratchet"
        ran = ratchet(*arguments)
        assert ran.status == 0, f"{line}: {ran.out}{ran.err}"
    assert [people.users[e].role for e in ("ada@example.com", "eve@example.com")] == ["admin", None]


def test_a_named_database_gets_the_files_that_the_default_one_gets() -> None:
    ((named,),) = [block["firestore"] for block in JSON if "firestore" in block]
    settings = json.loads((ROOT / "firebase.json").read_text())["firestore"]
    assert named == settings | {"database": "tenant-a"}


def test_every_part_that_is_pointed_at_is_there() -> None:
    parts = {
        line.lower().replace(" ", "-") for line in re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    }
    pointed = set(re.findall(r"\]\(#([^)]+)\)", TEXT))
    assert pointed
    assert pointed <= parts


def test_there_are_commands_for_every_part() -> None:
    assert len(LINES) > 15
    spans = re.findall(r"^ratchet .*$", TEXT, re.MULTILINE)
    assert spans == [], "a command that is run stands in a console block, behind $"


def test_every_file_and_setting_that_is_named_exists() -> None:
    settings = set(re.findall(r"`(RATCHET_[A-Z_]+)`", TEXT))
    environment = (ROOT / "functions" / ".env").read_text()
    assert settings - {"RATCHET_KEY"} == {n for n in settings if f"{n}=" in environment}
    for path in re.findall(r"functions/[\w./]+", TEXT):
        assert path.startswith("functions/venv") or (ROOT / path).exists(), path
