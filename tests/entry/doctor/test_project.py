"""The project's database: there, in native mode, and to be seen."""

import pytest

from ratchet.kernel.errors import Refused
from tests.support.examined import CLOUD, DATABASE, case, found, google
from tests.support.google import FakeSession


def test_a_database_in_native_mode_is_well() -> None:
    answer = {"type": "FIRESTORE_NATIVE", "locationId": "nam5"}
    session = FakeSession({DATABASE: answer})
    ((severity, text, _),) = found("project", case(url=CLOUD, side=google(session=session)))
    assert (severity, "nam5" in text) == ("ok", True)
    assert session.asked == [f"https://firestore.googleapis.com{DATABASE}"]


def test_a_database_of_its_own_name_is_asked_for_by_that_name() -> None:
    session = FakeSession()
    found("project", case(url=f"{CLOUD}/tenant-a", side=google(session=session)))
    assert session.asked[0].endswith("/v1/projects/p-1/databases/tenant-a")


def test_a_database_that_is_not_there_names_the_command_that_makes_it() -> None:
    side = google(session=FakeSession())
    ((severity, text, mend),) = found("project", case(url=f"{CLOUD}/tenant-a", side=side))
    assert (severity, "tenant-a" in text) == ("error", True)
    assert mend.startswith("gcloud firestore databases create --project=p-1")


def test_a_database_in_datastore_mode_is_an_error() -> None:
    side = google(session=FakeSession({DATABASE: {"type": "DATASTORE_MODE"}}))
    ((severity, text, _),) = found("project", case(url=CLOUD, side=side))
    assert (severity, "DATASTORE_MODE" in text) == ("error", True)


def test_a_database_that_may_not_be_seen_names_the_role() -> None:
    side = google(session=FakeSession({DATABASE: 403}))
    with pytest.raises(Refused, match=r"roles/datastore\.viewer"):
        found("project", case(url=CLOUD, side=side))
