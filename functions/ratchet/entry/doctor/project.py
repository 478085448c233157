"""The project and its database: they exist, in the mode that Ratchet needs."""

from collections.abc import Iterator

from ratchet.entry.cloud import get_answer
from ratchet.entry.doctor.case import Case, Finding, error, ok
from ratchet.kernel.errors import NotFound

NATIVE = "FIRESTORE_NATIVE"
ROLE = "roles/datastore.viewer"


def database_url(case: Case) -> str:
    """Return where Google describes the store's database."""
    place = case.place
    name = f"projects/{place.project}/databases/{place.database}"
    return f"https://firestore.googleapis.com/v1/{name}"


def check(case: Case) -> Iterator[Finding]:
    """Ask for the database."""
    place = case.place
    where = f"database {place.database} of project {place.project}"
    try:
        found = get_answer(case.google.session(), database_url(case), where, ROLE).json()
    except NotFound:
        mend = f"gcloud firestore databases create --project={place.project}"
        yield error(f"there is no {where}", f"{mend} --database='{place.database}' --location=...")
        return
    if found.get("type") != NATIVE:
        yield error(f"{where} is in mode {found.get('type')}", "create one in native mode")
    else:
        yield ok(f"{where}, in {found.get('locationId', 'an unknown place')}")
