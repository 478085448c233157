"""Widths of columns where there is little room: prose folds first, numbers never."""

import pytest

from ratchet.entry.cli.columns import is_roomy, widths, with_below

WHEN = ["when", "2026-03-10 12:00:00"]  # 19
ID = ["id", "file-36841569fcaacd90.0"]  # 23
KIND = ["kind", "timeout"]  # 7
COUNT = ["n", "123456789"]  # 9
WHY = ["why", "a long text with many short words"]  # 33


@pytest.mark.parametrize(
    ("room", "wanted"),
    [
        (None, [19, 23, 7, 9, 33]),
        (91, [19, 23, 7, 9, 33]),
        (80, [19, 23, 7, 9, 22]),  # the text folds, at its spaces
        (74, [19, 23, 7, 9, 16]),
        (73, [10, 23, 7, 9, 24]),  # then the instant, between its date and its time
        (65, [10, 23, 7, 9, 16]),
        (54, [10, 23, 7, 9, 5]),  # then the text to its longest word
        (50, [10, 19, 7, 9, 5]),  # then the longest name
        (39, [10, 8, 7, 9, 5]),
        (10, [10, 8, 7, 9, 5]),  # and no further
    ],
)
def test_what_folds_in_which_order(room: int | None, wanted: list[int]) -> None:
    assert widths([WHEN, ID, KIND, COUNT, WHY], room) == wanted


def test_two_texts_share_what_is_left_and_a_header_keeps_its_numbers_whole() -> None:
    longer = ["what", "much longer than the other text, and with more words in it"]
    assert widths([["audit entries", "1", ""], WHY, longer], 53) == [13, 20, 20]


def test_a_wide_letter_counts_as_the_two_cells_it_takes() -> None:
    assert widths([["名", "日本語"], ["n", "1"]]) == [6, 1]


@pytest.mark.parametrize(("room", "roomy"), [(91, True), (82, True), (81, False)])
def test_room_is_enough_while_a_long_text_keeps_24_cells(room: int, roomy: bool) -> None:
    assert is_roomy([WHEN, ID, KIND, COUNT, WHY], room) is roomy


def test_what_goes_below_is_folded_at_its_spaces_unless_it_is_a_command_or_a_name() -> None:
    why = "it says the opposite of the labels of " + "x-y" * 12 + " and of the others"
    mend = "ratchet judges weights --update --agent " + "somebody-with-a-name"
    rows = [["judge", "a"], ["why", why], ["mend", mend], ["key", "k" * 60]]
    assert list(with_below(rows, 50, ("why", "mend", "key"))) == [
        "judge",
        "a",
        "    why: it says the opposite of the labels of",
        "        " + "x-y" * 12 + " and",
        "        of the others",
        f"    mend: {mend}",
        "    key: " + "k" * 60,
    ]


@pytest.mark.parametrize(
    ("room", "lines"),
    [
        (40, ["    why: so it is   key: k1"]),
        (26, ["    why: so it is", "    key: k1"]),
    ],
)
def test_what_goes_below_stays_in_one_line_where_it_fits(room: int, lines: list[str]) -> None:
    rows = [["judge", "a" * 40], ["why", "so it is"], ["key", "k1"]]
    assert list(with_below(rows, room, ("why", "key"))) == ["judge", "a" * 40, *lines]
