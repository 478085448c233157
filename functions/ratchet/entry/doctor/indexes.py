"""Indexes: what firestore.indexes.json declares is deployed, and built."""

from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.entry.cloud import SECONDS, google_errors
from ratchet.entry.doctor.case import Case, Finding, error, ok, skipped, warning
from ratchet.entry.doctor.deployed import ABSENT, declared, deployment, project_file

FILE = "firestore.indexes.json"
ROLE = "roles/datastore.indexAdmin"
_SET_BY_HAND = "indexConfig.usesAncestorConfig:false OR ttlConfig:*"
SCOPE = "COLLECTION"
_IMPLIED = "__name__"


def check(case: Case) -> Iterator[Finding]:
    """Compare composite indexes, exemptions and TTLs; what is deployed besides is no matter."""
    path = project_file(FILE)
    if path is None:
        yield skipped(ABSENT.format(FILE))
        return
    wanted, client = declared(path), case.google.indexes()
    place = case.place
    parent = f"projects/{place.project}/databases/{place.database}/collectionGroups/-"
    with google_errors("the indexes", ROLE):
        once: dict[str, Any] = {"retry": None, "timeout": SECONDS}
        found = client.list_indexes(parent=parent, **once)
        states = {_deployed(i): i.state.name for i in found if i.query_scope.name == SCOPE}
        request = {"parent": parent, "filter": _SET_BY_HAND}
        fields = {_field(f.name): f for f in client.list_fields(request=request, **once)}
    where, deploy = f"in database {place.database}", deployment("indexes", place)
    faults = [*_composites(wanted, states, where, deploy), *_overrides(wanted, fields, deploy)]
    yield from faults
    if not faults:
        yield ok(f"{len(wanted['indexes'])} composite indexes are ready {where}")


def _composites(
    wanted: Mapping[str, Any], states: Mapping[str, str], where: str, deploy: str
) -> Iterator[Finding]:
    names = [_declared(index) for index in wanted["indexes"]]
    missing = [name for name in names if name not in states]
    broken = [name for name in names if states.get(name) == "NEEDS_REPAIR"]
    building = [name for name in names if states.get(name) == "CREATING"]
    if missing:
        yield error(f"missing {where}: {', '.join(missing)}", deploy)
    if broken:
        yield error(f"in need of repair: {', '.join(broken)}", f"delete them, then: {deploy}")
    if building:
        yield warning(f"still building: {', '.join(building)}", "wait, and look again")


def _overrides(
    wanted: Mapping[str, Any], fields: Mapping[str, Any], deploy: str
) -> Iterator[Finding]:
    lost = [
        f"{name} ({what})"
        for override in wanted["fieldOverrides"]
        for name in [f"{override['collectionGroup']}.{override['fieldPath']}"]
        for what in _lacking(override, fields.get(name))
    ]
    if lost:
        yield warning(f"not in force: {', '.join(lost)}", deploy)


def _lacking(override: Mapping[str, Any], field: Any) -> Iterator[str]:
    """Yield what a field lacks of its override: the exemption, or the TTL."""
    exempt = field is not None and not field.index_config.indexes
    if not override["indexes"] and not exempt:
        yield "exemption"
    if override.get("ttl") and (field is None or "ttl_config" not in field):
        yield "TTL"


def _declared(index: Mapping[str, Any]) -> str:
    keys = (
        "-" * (f.get("order") == "DESCENDING") + f["fieldPath"] + "[]" * ("arrayConfig" in f)
        for f in index["fields"]
    )
    return f"{index['collectionGroup']}({', '.join(keys)})"


def _deployed(index: Any) -> str:
    """Return a deployed index in the same words; the id that ends every index is left out."""
    keys = [
        "-" * (f.order.name == "DESCENDING") + f.field_path + "[]" * bool(f.array_config)
        for f in index.fields
        if f.field_path != _IMPLIED
    ]
    return f"{index.name.split('/')[5]}({', '.join(keys)})"


def _field(name: str) -> str:
    parts = name.split("/")
    return f"{parts[5]}.{parts[7]}"
