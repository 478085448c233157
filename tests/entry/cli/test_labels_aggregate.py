"""`ratchet labels aggregate`: the shares of the classes of a file of votes, and each item's."""

from pathlib import Path

import pytest

from tests.support.commands import Ratchet

VOTES = "worker,item,label\n" + "".join(
    f"{who},i{i},{'yes' if i % 2 else 'no'}\n" for i in range(20) for who in ("ann", "bob")
)


@pytest.fixture
def votes(ratchet: Ratchet) -> Path:
    """A file of votes of which all agree, in the present folder."""
    path = Path("votes.csv")
    path.write_text(VOTES)
    return path


def test_shares_are_shown_and_classes_written(ratchet: Ratchet, votes: Path) -> None:
    ran = ratchet("labels", "aggregate", votes, "--out", "classes.csv", "--json")
    assert ran.status == 0, ran.err
    told = ran.json
    assert (told["by"], told["items"], told["raters"]) == ("weighted_vote", 20, 2)
    assert [(c["class"], round(c["share"], 3)) for c in told["classes"]] == [
        ("no", 0.5),
        ("yes", 0.5),
    ]
    lines = Path("classes.csv").read_text().splitlines()
    assert lines[0] == "item,label,chance"
    assert lines[2].startswith("i1,yes,0.9")
    told_plainly = ratchet("labels", "aggregate", votes).out
    assert "20 items, 2 raters, 0 known" in told_plainly
    assert "low" not in told_plainly  # this rule gives no interval


def test_gold_gives_shares_an_interval(ratchet: Ratchet, votes: Path) -> None:
    Path("gold.csv").write_text("item,label\ni0,no\ni1,yes\ni2,no\n")
    ran = ratchet(
        "labels", "aggregate", votes, "--by", "prediction_powered", "--gold", "gold.csv", "--json"
    )
    (no, yes) = ran.json["classes"]
    assert no["low"] < no["share"] < no["high"]
    assert yes["low"] < 0.5 < yes["high"]


def test_votes_that_were_revised_and_classes_that_only_gold_has_are_told(
    ratchet: Ratchet, votes: Path
) -> None:
    votes.write_text(VOTES + "ann,i0,yes\n")
    Path("gold.csv").write_text("item,label\ni0,on\n")
    ran = ratchet("labels", "aggregate", votes, "--gold", "gold.csv")
    assert "1 of the votes gave way" in ran.out
    assert "nobody voted for on, which gold names" in ran.out


@pytest.mark.parametrize(
    ("text", "field", "told"),
    [
        ("item,label\ni1,yes\n", "votes", "no column rater"),
        ("rater,item,label\nann,i1\n", "votes", "line 2: a cell is empty"),
        ("rater,item,label\n", "votes", "no vote"),
        ("", "votes", "no column rater"),
    ],
)
def test_a_file_that_holds_no_votes_is_refused(
    ratchet: Ratchet, text: str, field: str, told: str
) -> None:
    Path("votes.csv").write_text(text)
    ran = ratchet("labels", "aggregate", "votes.csv", "--json")
    assert (ran.status, ran.error["field"]) == (2, field)
    assert told in ran.error["message"]


def test_a_rule_that_is_not_known_and_a_place_that_is_none_are_refused(
    ratchet: Ratchet, votes: Path
) -> None:
    ran = ratchet("labels", "aggregate", votes, "--by", "majority", "--json")
    assert (ran.status, ran.error["field"]) == (2, "by")
    assert "weighted_vote" in ran.error["mend"]
    ran = ratchet("labels", "aggregate", votes, "--out", "no/such.csv", "--json")
    assert (ran.status, ran.error["field"]) == (2, "out")
