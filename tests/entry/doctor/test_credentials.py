"""Google's credentials: there, or what to do."""

from pathlib import Path

import pytest

from ratchet.entry.cloud import authorized_session
from ratchet.kernel.errors import Refused
from tests.support.examined import CLOUD, case, found, google
from tests.support.google import FakeSession


class ServiceAccount:
    service_account_email = "ratchet@p-1.iam.gserviceaccount.com"


def test_credentials_are_named_where_they_are_a_service_accounts() -> None:
    session = FakeSession()
    about = case(url=CLOUD, side=google(session=session))
    assert found("credentials", about) == [("ok", "the credentials of a person", "")]
    session.credentials = ServiceAccount()
    ((severity, text, _),) = found("credentials", about)
    assert (severity, ServiceAccount.service_account_email in text) == ("ok", True)


def test_without_credentials_the_mend_is_to_log_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    with pytest.raises(Refused) as caught:
        authorized_session()
    assert "gcloud auth application-default login" in caught.value.mend


def test_an_embedded_store_needs_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("credentials", case(url="memory:")) == []
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    assert found("credentials", case(url=CLOUD)) == []
