"""Where a project is, and what Google's errors become."""

import pytest
import requests
from google.api_core import exceptions as google
from google.auth.exceptions import DefaultCredentialsError, TransportError

from ratchet.entry.cloud import (
    Place,
    get_answer,
    google_errors,
    place_of,
    store_place,
    wanted_packages,
)
from ratchet.kernel.errors import InvalidInput, NotFound, RatchetError, Refused, Unavailable
from tests.support.google import FakeSession


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RATCHET_STORE", "RATCHET_REGION", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("firestore://p-1", Place("p-1", "(default)", "us-central1")),
        ("firestore://p-1/tenant-a", Place("p-1", "tenant-a", "us-central1")),
        ("sqlite:///file.db", None),
        ("memory:", None),
        (None, None),
    ],
)
def test_the_url_of_a_store_names_its_place(url: str | None, place: Place | None) -> None:
    assert store_place(url) == place
    assert place_of(url) == place


def test_the_environment_names_store_and_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_STORE", "firestore://p-2/d")
    monkeypatch.setenv("RATCHET_REGION", "europe-west1")
    assert store_place(None) == Place("p-2", "d", "europe-west1")
    assert store_place(None, "asia-east1") == Place("p-2", "d", "asia-east1")


def test_the_projects_variable_counts_only_where_no_store_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p-3")
    assert place_of(None) == Place("p-3")
    assert store_place(None) is None
    assert place_of("sqlite:///file.db") is None
    assert place_of("firestore://p-1") == Place("p-1")
    monkeypatch.setenv("RATCHET_STORE", "sqlite:///file.db")
    assert place_of(None) is None


def test_a_project_that_is_named_wins() -> None:
    assert place_of("firestore://p-1", "p-9", "r-9") == Place("p-9", region="r-9")
    assert place_of("sqlite:///file.db", "p-9") == Place("p-9")


@pytest.mark.parametrize(
    ("thrown", "kind"),
    [
        (google.PermissionDenied("no"), Refused),  # type: ignore[no-untyped-call]
        (google.Unauthenticated("no"), Refused),  # type: ignore[no-untyped-call]
        (google.NotFound("no"), NotFound),  # type: ignore[no-untyped-call]
        (google.FailedPrecondition("no"), Refused),  # type: ignore[no-untyped-call]
        (google.InvalidArgument("no"), InvalidInput),  # type: ignore[no-untyped-call]
        (google.ServiceUnavailable("no"), Unavailable),  # type: ignore[no-untyped-call]
        (google.DeadlineExceeded("no"), Unavailable),  # type: ignore[no-untyped-call]
        (google.RetryError("no", None), Unavailable),  # type: ignore[no-untyped-call]
        (DefaultCredentialsError("no"), Refused),  # type: ignore[no-untyped-call]
        (TransportError("no"), Unavailable),  # type: ignore[no-untyped-call]
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_an_error_of_google_becomes_ours_with_a_mend(
    thrown: Exception, kind: type[RatchetError]
) -> None:
    with pytest.raises(RatchetError) as caught, google_errors("the jobs", "roles/x"):
        raise thrown
    assert type(caught.value) is kind
    assert caught.value.mend


def test_who_may_not_is_told_which_role_is_missing() -> None:
    with pytest.raises(Refused, match="roles/x"), google_errors("the jobs", "roles/x"):
        raise google.PermissionDenied("no")  # type: ignore[no-untyped-call]  # no types


def test_an_error_that_is_not_googles_passes() -> None:
    with pytest.raises(ZeroDivisionError), google_errors("the jobs", "roles/x"):
        raise ZeroDivisionError


def test_a_missing_package_names_the_extra() -> None:
    with pytest.raises(InvalidInput) as caught, wanted_packages("Cloud Scheduler", "ops"):
        raise ModuleNotFoundError("No module named 'x'", name="x")
    assert "pip install 'ratchet[ops]'" in caught.value.mend


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (401, Refused),
        (403, Refused),
        (404, NotFound),
        (429, Unavailable),
        (500, Unavailable),
        (requests.ConnectionError("no route"), Unavailable),
        (requests.Timeout("slow"), Unavailable),
    ],
)
def test_an_answer_that_is_none_becomes_an_error(answer: object, kind: type[RatchetError]) -> None:
    session = FakeSession({"/v1/x": answer})
    with pytest.raises(RatchetError) as caught:
        get_answer(session, "https://g.example/v1/x", "the thing", "roles/x")
    assert type(caught.value) is kind
    assert "the thing" in caught.value.message


def test_an_answer_is_handed_on() -> None:
    session = FakeSession({"/v1/x": {"a": 1}})
    assert get_answer(session, "https://g.example/v1/x", "x", "r").json() == {"a": 1}
