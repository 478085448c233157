"""The outlets of the world: HTTPS alone, the log, and the environment."""

import logging

import pytest

from ratchet.entry.outlets import outlets
from ratchet.govern.sinks.sink import Post
from ratchet.kernel.errors import Misconfigured


def test_a_secret_is_a_variable_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_ALERT_KEY", "k1")
    assert outlets().secret("RATCHET_ALERT_KEY") == "k1"
    monkeypatch.delenv("RATCHET_ALERT_KEY")
    with pytest.raises(Misconfigured, match="RATCHET_ALERT_KEY is not set"):
        outlets().secret("RATCHET_ALERT_KEY")


@pytest.mark.parametrize("url", ["http://8.8.8.8/", "https://127.0.0.1/", "https://[::1]/"])
def test_nothing_is_sent_inside_or_unencrypted(url: str) -> None:
    with pytest.raises(Misconfigured):
        outlets().post(Post(url, {}, b""))


def test_lines_go_to_the_structured_log(caplog: pytest.LogCaptureFixture) -> None:
    outlets().log(logging.WARNING, "alert warning, opened: full", alert={"what": "full"})
    (record,) = caplog.records
    assert (record.levelname, vars(record)["fields"]) == ("WARNING", {"alert": {"what": "full"}})
