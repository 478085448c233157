"""Values as tables show them, lengths of time, and who is at the keyboard."""

from datetime import UTC, datetime, timedelta

import pytest

from ratchet.entry.cli.output import actor, ago, cell, complain, emit, flat, say, table
from ratchet.kernel.errors import InvalidInput
from tests.support.observing import NOON


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (0.123456, "0.1235"),
        (12345.6, "12346"),
        (7, "7"),
        ("text", "text"),
        (NOON, "2026-03-10 12:00:00"),
    ],
)
def test_a_cell_shows_a_value_and_nothing_for_the_unknown(value: object, shown: str) -> None:
    assert cell(value) == shown


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, None),
        ("90s", NOON - timedelta(seconds=90)),
        ("15m", NOON - timedelta(minutes=15)),
        ("24h", NOON - timedelta(hours=24)),
        ("7d", NOON - timedelta(days=7)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T03:04:05+01:00", datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)),
    ],
)
def test_since_is_a_length_of_time_or_a_date(text: str | None, wanted: datetime | None) -> None:
    assert ago(text, NOON) == wanted


@pytest.mark.parametrize("text", ["", "24", "h", "1.5h", "-1h", "soon", "9999999d"])
def test_what_is_neither_is_named(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ago(text, NOON)
    assert caught.value.field == "since"


def test_json_has_instants_in_milliseconds(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"at": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), "name": "ß"})
    assert capsys.readouterr().out == '{"at": 1000, "name": "ß"}\n'


def test_a_map_becomes_rows_with_what_is_nested_as_json() -> None:
    assert flat({"a": 1, "b": (1, 2), "c": {"d": NOON}, "e": []}) == [
        ("a", 1),
        ("b", "[1, 2]"),
        ("c", '{"d": 1773144000000}'),
        ("e", "[]"),
    ]


def test_numbers_and_instants_stay_whole_in_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    table(("when", "n", "text"), [(NOON, 123456789, "a long text " * 9)])
    lines = capsys.readouterr().out.splitlines()
    assert any("2026-03-10 12:00:00" in line and "123456789" in line for line in lines)
    assert max(map(len, lines)) <= 60


def test_what_is_looked_for_stays_whole_in_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    row = (
        NOON,
        "router-core@1.0.1",
        "router:gpt-5",
        "timeout",
        812.2,
        0.01,
        None,
        "so it was " * 5,
    )
    table(("ts", "id", "component", "outcome", "ms", "cost $", "error", "why"), [row])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "error" not in lines[0]  # nothing is in it
    (first,) = [line for line in lines if line.startswith("2026-03-10")]
    assert " router-core@1.0.1 router:gpt-5 timeout 812.2   0.01 " in first


def test_a_table_that_fits_has_its_frame_and_its_empty_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "19")
    table(("policy", "drafts"), [("p", None)])
    assert capsys.readouterr().out.splitlines() == [
        "┏━━━━━━━━┳━━━━━━━━┓",
        "┃ policy ┃ drafts ┃",
        "┡━━━━━━━━╇━━━━━━━━┩",
        "│ p      │        │",
        "└────────┴────────┘",
    ]
    monkeypatch.setenv("COLUMNS", "18")
    table(("policy", "drafts"), [("p", None)])
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "policy",
        "──────",
        "p",
    ]


def test_who_acts_is_the_name_given_else_the_one_of_the_login(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (actor("ada").name, actor("ada").kind) == ("ada", "person")
    monkeypatch.setenv("LOGNAME", "grace")
    assert actor(None).name == "grace"


def test_a_login_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid 12345")

    monkeypatch.setattr("ratchet.entry.cli.output.getuser", nobody)
    assert actor(None).name == "unknown"


def test_what_somebody_sent_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    sent = "\x1b]52;c;x\x07 \x9b2J \u202e\ttab"
    table(("text",), [(sent,)])
    say(sent)
    complain(InvalidInput(sent), as_json=False)
    shown = capsys.readouterr()
    for text in (shown.out, shown.err):
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)
    assert "\\x1b]52;c;x\\x07 \\x9b2J \\u202e" in shown.out
