"""Many raters: against gold, against people, and where most of them know less than chance.

The first two want ../shared/data/raters and are left out, by name, where it is missing.
"""

import csv
import math
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.figure import Figure
from ratchet.entry.files import read_text
from ratchet.labels.aggregate import AGGREGATES, weighted_vote
from ratchet.labels.aggregate.crowd import frame
from ratchet.labels.aggregate.prediction_powered import prediction_powered_mean
from ratchet.labels.aggregate.table import VoteTable, vote_table
from ratchet.labels.aggregate.votes import UNKNOWN, Votes
from ratchet.stats.intervals import wilson
from ratchet.stats.moments import Floats, Ints

DATA = Path(__file__).parents[2] / "shared" / "data" / "raters"
LABELS, RESAMPLES = 100, 500
# Of nine judges six are worse than chance.
POOR_JUDGES = (0.8, 0.75, 0.7, 0.4, 0.35, 0.35, 0.3, 0.3, 0.25)
WORLDS = 200


def figures() -> list[Figure]:
    """Measure all of it."""
    out = []
    if DATA.exists():
        out += crowd() + pandalm()
    else:
        print("../shared/data/raters is not here: no figures of crowd labels and of PandaLM")
    return out + poor_judges()


def read_csv(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of raters."""
    return list(csv.DictReader(read_text(DATA / name, "raters").splitlines()))


def crowd() -> list[Figure]:
    """Hold our rules against crowd-kit's, on the gold of one crowd."""
    gold = {row["item"]: row["label"] for row in read_csv("crowd_gold.csv")}
    rows = read_csv("crowd_labels.csv.gz")
    table = vote_table((row["worker"], row["item"], row["label"]) for row in rows)
    at = np.array([table.items.index(item) for item in gold])
    truth = np.array([table.classes.index(label) for label in gold.values()])

    def right(labels: Ints) -> float:
        return float((labels[at] == truth).mean())

    blind = [name for name in AGGREGATES if name != "prediction_powered"]
    ours = {name: right(AGGREGATES[name](table.votes).labels()) for name in blind}
    theirs = {name: right(labels) for name, labels in crowd_kit(table)}
    best, peer = max(ours, key=ours.__getitem__), max(theirs, key=theirs.__getitem__)
    name = "crowd labels against gold: "
    return [
        *(Figure(f"{name}{rule}", value, "right") for rule, value in ours.items()),
        *(Figure(f"{name}crowd-kit {rule}", value, "right") for rule, value in theirs.items()),
        Figure(
            f"{name}our best ({best}) less crowd-kit's best ({peer})",
            ours[best] - theirs[peer],
            "right",
            0.0,
            "higher",
        ),
    ]


def crowd_kit(table: VoteTable) -> Iterator[tuple[str, Ints]]:
    """Yield what each rule of crowd-kit says of each item; GLAD takes minutes and is left out."""
    import crowdkit.aggregation as kit
    from sklearn.base import BaseEstimator  # type: ignore[import-untyped]  # it has no types

    rules: Mapping[str, Mapping[str, Any]] = {
        "MajorityVote": {},
        "Wawa": {},
        "ZeroBasedSkill": {},
        "OneCoinDawidSkene": {},
        "DawidSkene": {},
        "MMSR": {},
        "MACE": {"n_restarts": 3, "n_iter": 20},
    }
    named = frame(table.votes)
    named["label"] = np.array(table.classes)[table.votes.label]  # as the file has them
    for name, options in rules.items():
        # Newer scikit-learn asks every estimator for its tags, which two of these lack.
        rule: Any = type(name, (getattr(kit, name), BaseEstimator), {})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            said = rule(**options).fit_predict(named)
        yield (
            name,
            said.reindex(range(table.votes.items)).map(table.classes.index).to_numpy(np.int64),
        )


def pandalm() -> list[Figure]:
    """Correct a judge by 100 human labels, 500 times, and count how often people are covered."""
    people, judge = first_wins()
    rate, n = float(people.mean()), len(people)
    rng = np.random.default_rng(0)
    covered, widths = 0, []
    for _ in range(RESAMPLES):
        at = rng.choice(n, LABELS, replace=False)
        found = prediction_powered_mean(judge, judge[at], people[at])
        covered += found.low <= rate <= found.high
        widths.append(found.high - found.low)
    raw = wilson(float(judge.mean()), n)
    name = f"PandaLM, gpt_3_5, share of first-answer wins ({rate:.3f} of people): "
    share = covered / RESAMPLES
    error = math.sqrt(share * (1 - share) / RESAMPLES)
    return [
        Figure(f"{name}of the judge", float(judge.mean()), "share"),
        Figure(
            f"{name}covered, corrected by {LABELS} labels", share, "", 0.93, "higher", error=error
        ),
        Figure(f"{name}covered, uncorrected", float(raw.holds(rate)), "", 0.0),
        Figure(f"{name}width of the corrected interval", float(np.mean(widths)), "share"),
    ]


def first_wins() -> tuple[Floats, Floats]:
    """Return where people's majority, and where the judge, says that the first answer wins."""
    rows = read_csv("pandalm.csv")
    people = [Counter(row[f"human{i}"] for i in (1, 2, 3)).most_common(1)[0] for row in rows]
    won = [said == "1" and times >= 2 for said, times in people]
    judge = [row["gpt_3_5"] == "1" for row in rows]
    return np.array(won, np.float64), np.array(judge, np.float64)


def poor_judges() -> list[Figure]:
    """Hold weights learned from 50 labels against the majority, where most judges are poor."""
    better = np.array([_against_majority(seed) for seed in range(WORLDS)])
    name = "nine judges, six worse than chance, 50 labels: "
    share = float((better[:, 1] > better[:, 0]).mean())
    return [
        Figure(f"{name}majority", float(better[:, 0].mean()), "right"),
        Figure(f"{name}weighted vote", float(better[:, 1].mean()), "right"),
        Figure(f"{name}worlds in which it beats the majority", share, "", 0.95, "higher"),
    ]


def _against_majority(seed: int) -> tuple[float, float]:
    votes, truth = poor_world(np.random.default_rng(seed))
    rest = ~votes.is_known
    majority = votes.counts().argmax(1) == truth
    weighted = weighted_vote.aggregate(votes).labels() == truth
    return float(majority[rest].mean()), float(weighted[rest].mean())


def poor_world(rng: np.random.Generator, items: int = 500, labels: int = 50) -> tuple[Votes, Ints]:
    """Return the votes of nine judges, 50 of the items known, and the truth."""
    truth = rng.integers(0, 2, items)
    right = rng.random((items, len(POOR_JUDGES))) < np.array(POOR_JUDGES)
    known = np.full(items, UNKNOWN)
    at = rng.permutation(items)[:labels]
    known[at] = truth[at]
    votes = Votes(
        item=np.repeat(np.arange(items), len(POOR_JUDGES)),
        rater=np.tile(np.arange(len(POOR_JUDGES)), items),
        label=np.where(right, truth[:, None], 1 - truth[:, None]).ravel(),
        items=items,
        raters=len(POOR_JUDGES),
        classes=2,
        known=known,
    )
    return votes, truth
