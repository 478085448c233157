"""Agreement of reviewers: the published numbers of those who defined it."""

import csv
from pathlib import Path

import pytest

from ratchet.labels.review.agreement import agreement, cohen_kappa, krippendorff_alpha

PANDALM = Path(__file__).parents[4] / "shared" / "data" / "raters" / "pandalm.csv"
# Krippendorff 2011, example C: four observers of twelve units; `.` where one said nothing.
OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def test_alpha_of_krippendorffs_own_example() -> None:
    units = [[said for said in unit if said != "."] for unit in zip(*OBSERVERS, strict=True)]
    assert len(units) == 12
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=5e-4)


def test_kappa_of_cohens_table() -> None:
    counts = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    assert cohen_kappa(pairs) == pytest.approx(0.4)


@pytest.mark.skipif(not PANDALM.exists(), reason="the shared sample data are not here")
def test_three_people_agree_on_pandalm_as_its_authors_found() -> None:
    with PANDALM.open(newline="") as file:
        rows = list(csv.DictReader(file))
    people = [{name: row[name] for name in row if name.startswith("human")} for row in rows]
    found = agreement(people)
    assert found.items == 999
    assert found.alpha == pytest.approx(0.864, abs=5e-4)


def test_only_items_with_several_answers_say_something() -> None:
    said = [
        {"ada": "good", "bob": "good"},
        {"ada": "good"},
        {"bob": "bad", "ada": "good", "eve": "bad"},
        {},
    ]
    found = agreement(said)
    assert (found.items, found.share) == (2, 0.5)
    pairs = [(pair.first, pair.second, pair.items, pair.share) for pair in found.pairs]
    assert pairs == [("ada", "bob", 2, 0.5), ("ada", "eve", 1, 0.0), ("bob", "eve", 1, 1.0)]


def test_without_two_answers_or_two_classes_nothing_is_known() -> None:
    assert agreement([{"ada": "good"}]).share is None
    alike = agreement([{"ada": "good", "bob": "good"}] * 3)
    assert (alike.share, alike.alpha, alike.pairs[0].kappa) == (1.0, None, None)
