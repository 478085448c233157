"""Security rules: those in force are those of the file."""

import json
from pathlib import Path

import pytest

from ratchet.entry.doctor import deployed
from ratchet.kernel.errors import Refused
from tests.support.examined import CLOUD, case, found, google
from tests.support.google import FakeSession

RULES = "rules_version = '2';\nservice cloud.firestore {\n}\n"
RELEASE = "/v1/projects/p-1/releases/cloud.firestore"
RULESET = "projects/p-1/rulesets/abc"


@pytest.fixture(autouse=True)
def _rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "firestore.rules").write_text(RULES)
    settle(tmp_path, {"rules": "firestore.rules"})
    monkeypatch.setattr(deployed, "_PROJECT", tmp_path)


def settle(folder: Path, firestore: object) -> None:
    """Write what firebase.json says of Firestore."""
    (folder / "firebase.json").write_text(json.dumps({"firestore": firestore}))


def released(*texts: str, release: str = RELEASE) -> FakeSession:
    """Return a session of a project where these files are in force."""
    files = [{"name": "firestore.rules", "content": text} for text in texts]
    answers = {
        release: {"name": "x", "rulesetName": RULESET},
        f"/v1/{RULESET}": {"source": {"files": files}},
    }
    return FakeSession(answers)


def look(session: FakeSession, url: str = CLOUD) -> list[tuple[str, str, str]]:
    return found("rules", case(url=url, side=google(session=session)))


@pytest.mark.parametrize("text", [RULES, RULES.strip(), RULES.replace("\n", "  \r\n")])
def test_the_files_rules_are_well_whatever_ends_their_lines(text: str) -> None:
    ((severity, _, _),) = look(released(text))
    assert severity == "ok"


@pytest.mark.parametrize(
    "texts", [("",), (RULES.replace("{\n}", "{ allow }"),), (RULES, RULES), ()]
)
def test_other_rules_are_an_error(texts: tuple[str, ...]) -> None:
    ((severity, _, mend),) = look(released(*texts))
    assert (severity, mend) == ("error", "firebase deploy --only firestore:rules")


def test_no_rules_at_all_are_an_error() -> None:
    assert look(FakeSession())[0][:2] == ("error", "no rules are in force in database (default)")


def test_a_database_of_its_own_name_has_rules_of_its_own() -> None:
    session = released(RULES, release=f"{RELEASE}/tenant-a")
    assert look(session, f"{CLOUD}/tenant-a")[0][0] == "ok"
    assert look(session)[0][0] == "error"


STEP = 'name the database in firebase.json, "database": "{}", then '


@pytest.mark.parametrize(
    ("firestore", "named", "other"),
    [
        ({"rules": "firestore.rules"}, "(default)", "tenant-a"),
        ({"database": "tenant-a", "rules": "firestore.rules"}, "tenant-a", "(default)"),
        ([{"database": "tenant-a"}, {"database": "tenant-b"}], "tenant-b", "(default)"),
    ],
)
def test_the_mend_says_to_name_a_database_that_a_deployment_would_pass_by(
    tmp_path: Path, firestore: object, named: str, other: str
) -> None:
    settle(tmp_path, firestore)
    for database, step in ((named, ""), (other, STEP.format(other))):
        ((severity, text, mend),) = look(FakeSession(), f"{CLOUD}/{database}")
        assert (severity, text) == ("error", f"no rules are in force in database {database}")
        assert mend == f"{step}firebase deploy --only firestore:rules"


def test_without_the_file_there_is_nothing_to_compare(tmp_path: Path) -> None:
    (tmp_path / "firestore.rules").unlink()
    assert look(released(RULES))[0][0] == "skipped"


def test_who_may_not_see_them_is_told_which_role_is_missing() -> None:
    with pytest.raises(Refused, match=r"roles/firebaserules\.viewer"):
        look(FakeSession({RELEASE: 403}))
