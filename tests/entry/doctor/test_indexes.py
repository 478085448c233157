"""Indexes: what the file declares is deployed and built; what is deployed besides is no matter."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import PermissionDenied

from ratchet.entry.doctor import deployed
from ratchet.kernel.errors import Refused
from tests.support.examined import CLOUD, case, found, google
from tests.support.google import FakeIndexes, built, field

ROOT = Path(__file__).parents[3]
FILE = "firestore.indexes.json"
DECLARED: dict[str, Any] = {
    "indexes": [
        {
            "collectionGroup": "ops_things",
            "queryScope": "COLLECTION",
            "fields": [
                {"fieldPath": "kind", "order": "ASCENDING"},
                {"fieldPath": "at", "order": "DESCENDING"},
            ],
        },
        {
            "collectionGroup": "ops_things",
            "queryScope": "COLLECTION",
            "fields": [
                {"fieldPath": "tags", "arrayConfig": "CONTAINS"},
                {"fieldPath": "at", "order": "ASCENDING"},
            ],
        },
    ],
    "fieldOverrides": [
        {"collectionGroup": "ops_things", "fieldPath": "meta", "indexes": []},
        {"collectionGroup": "ops_things", "fieldPath": "expireAt", "ttl": True, "indexes": []},
    ],
}
BUILT = [built("ops_things", "kind", "-at"), built("ops_things", "tags[]", "at")]
FIELDS = [field("ops_things", "meta"), field("ops_things", "expireAt", ttl=True)]
DEPLOY = "firebase deploy --only firestore:indexes"


@pytest.fixture
def _declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / FILE).write_text(json.dumps(DECLARED))
    (tmp_path / "firebase.json").write_text('{"firestore": {"rules": "firestore.rules"}}')
    monkeypatch.setattr(deployed, "_PROJECT", tmp_path)


def look(indexes: Any = BUILT, fields: Any = FIELDS) -> list[tuple[str, str, str]]:
    side = google(indexes=FakeIndexes(indexes, fields))
    return found("indexes", case(url=CLOUD, side=side))


@pytest.mark.usefixtures("_declared")
def test_what_is_declared_and_built_is_well_and_more_is_no_matter() -> None:
    assert look() == [("ok", "2 composite indexes are ready in database (default)", "")]
    more = [*BUILT, built("ops_things", "other", "at"), built("elsewhere", "a")]
    assert look(more, [*FIELDS, field("elsewhere", "x")]) == look()


@pytest.mark.usefixtures("_declared")
@pytest.mark.parametrize(
    "instead",
    [
        [],
        [built("ops_things", "kind", "at")],
        [built("ops_things", "-at", "kind")],
        [built("elsewhere", "kind", "-at")],
        [built("ops_things", "kind", "-at", scope="COLLECTION_GROUP")],
        [built("ops_things", "kind", "-at", "more")],
    ],
)
def test_an_index_that_is_not_deployed_is_an_error(instead: Any) -> None:
    assert look([*instead, BUILT[1]]) == [
        ("error", "missing in database (default): ops_things(kind, -at)", DEPLOY)
    ]


@pytest.mark.usefixtures("_declared")
def test_an_index_that_is_building_is_a_warning_and_a_broken_one_an_error() -> None:
    building = built("ops_things", "kind", "-at", state="CREATING")
    broken = built("ops_things", "tags[]", "at", state="NEEDS_REPAIR")
    assert [(severity, text) for severity, text, _ in look([building, broken])] == [
        ("error", "in need of repair: ops_things(tags[], at)"),
        ("warning", "still building: ops_things(kind, -at)"),
    ]


@pytest.mark.usefixtures("_declared")
@pytest.mark.parametrize(
    ("fields", "lost"),
    [
        ([FIELDS[1]], "ops_things.meta (exemption)"),
        ([FIELDS[1], field("ops_things", "meta", exempt=False)], "ops_things.meta (exemption)"),
        ([FIELDS[0], field("ops_things", "expireAt")], "ops_things.expireAt (TTL)"),
        ([FIELDS[0]], "ops_things.expireAt (exemption), ops_things.expireAt (TTL)"),
    ],
)
def test_an_exemption_or_a_ttl_that_is_not_in_force_is_a_warning(fields: Any, lost: str) -> None:
    assert look(fields=fields) == [("warning", f"not in force: {lost}", DEPLOY)]


@pytest.mark.usefixtures("_declared")
def test_the_database_of_the_store_is_asked() -> None:
    client = FakeIndexes(BUILT, FIELDS)
    ((_, text, _),) = found("indexes", case(url=f"{CLOUD}/tenant-a", side=google(indexes=client)))
    assert text.endswith("in database tenant-a")
    assert client.asked[0] == "projects/p-1/databases/tenant-a/collectionGroups/-"


@pytest.mark.usefixtures("_declared")
def test_a_database_of_its_own_name_must_be_named_where_it_is_deployed_from() -> None:
    about = case(url=f"{CLOUD}/tenant-a", side=google(indexes=FakeIndexes([], FIELDS)))
    ((_, text, mend),) = found("indexes", about)
    assert text.startswith("missing in database tenant-a: ")
    step = 'name the database in firebase.json, "database": "tenant-a", then '
    assert mend == step + DEPLOY


def test_the_projects_own_file_deployed_whole_is_well() -> None:
    own = json.loads((ROOT / FILE).read_text())
    indexes = [
        built(
            i["collectionGroup"],
            *("-" * (f["order"] == "DESCENDING") + f["fieldPath"] for f in i["fields"]),
        )
        for i in own["indexes"]
    ]
    fields = [
        field(
            o["collectionGroup"], o["fieldPath"], exempt=not o["indexes"], ttl=o.get("ttl", False)
        )
        for o in own["fieldOverrides"]
    ]
    ((severity, _, _),) = look(indexes, fields)
    assert severity == "ok"
    ((severity, text, _),) = look(indexes[1:], fields)
    assert (severity, "ops_alerts(state, lastSeen)" in text) == ("error", True)


def test_without_the_file_there_is_nothing_to_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployed, "_PROJECT", tmp_path)
    ((severity, text, _),) = look()
    assert (severity, FILE in text) == ("skipped", True)


def test_who_may_not_see_them_is_told_which_role_is_missing() -> None:
    class Denied(FakeIndexes):
        def list_indexes(self, *, parent: str, **_: object) -> Any:
            raise PermissionDenied("no")  # type: ignore[no-untyped-call]  # no types

    with pytest.raises(Refused, match=r"roles/datastore\.indexAdmin"):
        found("indexes", case(url=CLOUD, side=google(indexes=Denied())))
