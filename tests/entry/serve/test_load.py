"""A server that dies under load and comes back: every observation is there, and scored, once."""

from pathlib import Path

import pytest

from tests.support.load import hammer, served


@pytest.mark.slow
def test_a_server_killed_under_load_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    with served(tmp_path) as process:
        tally = hammer(process, tmp_path, seconds=12.0, kills=1, rate=400)
    assert tally.sent > 2400
    assert min(tally.unanswered) > 0, "the kill left no commit unanswered"
    assert tally.exact, tally
    assert tally.status == 0, process.errors.read_text()
