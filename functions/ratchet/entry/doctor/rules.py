"""Security rules: those in force are those of firestore.rules."""

from collections.abc import Iterator

from ratchet.entry.cloud import DEFAULT_DATABASE, get_answer
from ratchet.entry.doctor.case import Case, Finding, error, ok, skipped
from ratchet.entry.doctor.deployed import ABSENT, deployment, project_file
from ratchet.kernel.errors import NotFound

FILE = "firestore.rules"
ROLE = "roles/firebaserules.viewer"
_API = "https://firebaserules.googleapis.com/v1"


def check(case: Case) -> Iterator[Finding]:
    """Compare the released ruleset with the file, line by line."""
    path = project_file(FILE)
    if path is None:
        yield skipped(ABSENT.format(FILE))
        return
    place, session = case.place, case.google.session()
    named = "" if place.database == DEFAULT_DATABASE else f"/{place.database}"
    where, mend = f"in database {place.database}", deployment("rules", place)
    url = f"{_API}/projects/{place.project}/releases/cloud.firestore{named}"
    try:
        release = get_answer(session, url, "the rules", ROLE).json()
    except NotFound:
        yield error(f"no rules are in force {where}", mend)
        return
    ruleset = get_answer(session, f"{_API}/{release['rulesetName']}", "the rules", ROLE).json()
    texts = [file["content"] for file in ruleset["source"]["files"]]
    if len(texts) == 1 and _lines(texts[0]) == _lines(path.read_text()):
        yield ok(f"the rules in force {where} are those of {FILE}")
    else:
        yield error(f"the rules in force {where} are not those of {FILE}", mend)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]
