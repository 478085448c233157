"""Rules of extraction: how often they are right, and whether what they call hard fails more often.

The texts are the tests' own; of a third of them (unseen) the rules knew nothing when written.
Failure is that of the airline trajectories, by task: 1 - mean reward over its trials. What an agent
does may tell how it went, so that the ask alone is shown too, as the user puts it and as the
simulator sets it, and the difficulty of two trials beside the failure of the other two.
The airline part is left out, by name, where ../shared/data is missing.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from scipy.stats import spearmanr  # type: ignore[import-untyped]  # it ships no types

from bench.figure import Figure
from bench.support import START
from ratchet.datasets.example import Content
from ratchet.datasets.extract import trajectories
from ratchet.datasets.extract.classify import difficulty_of, domain_of, task_type_of
from ratchet.datasets.extract.classify.difficulty import difficulty_of_ask

ROOT = Path(__file__).parents[1]
TEXTS = ROOT / "tests" / "datasets" / "extract" / "fixtures" / "classified.json"
AIRLINE = ROOT.parent / "shared" / "data" / "agents" / "tau_airline_gpt4o.jsonl.gz"
LEAST = 0.8  # of the texts have the domain and the type that is theirs


class Trial(NamedTuple):
    """One trial of a task: its words, the task as the simulator's user was told it, its failure."""

    content: Content
    set_as: Content
    failed: float


Tasks = Sequence[Sequence[Trial]]


def figures() -> list[Figure]:
    """Measure all of it; without the airline trajectories, the texts alone."""
    if not AIRLINE.is_file():
        print("../shared/data/agents is not here: no figures of difficulty and failure")
        return accuracy()
    return accuracy() + hardness()


def accuracy() -> list[Figure]:
    """Count how often domain and task type of the texts are what their writer says."""
    rows = json.loads(TEXTS.read_text(encoding="utf-8"))
    unseen = [row for row in rows if row["unseen"]]
    seen = [row for row in rows if not row["unseen"]]
    out = []
    for name, kept in (("all", rows), ("seen", seen), ("unseen", unseen)):
        right = zip(*(right_of(row) for row in kept), strict=True)
        for what, found in zip(("domain", "task type"), right, strict=True):
            about = f"rules, {what}: right of {len(kept)} texts ({name})"
            out.append(Figure(about, fmean(found), "", LEAST, "higher"))
    return out


def right_of(row: dict[str, Any]) -> tuple[bool, bool]:
    """Say whether domain and task type of a text are what its writer says."""
    content = Content.parse({k: row[k] for k in ("input", "output", "steps") if k in row})
    return domain_of(content) == row["domain"], task_type_of(content) == row["taskType"]


def hardness() -> list[Figure]:
    """Correlate difficulty with failure over the airline tasks, by Spearman's rank."""
    tasks = airline()
    halves = [task[:2] for task in tasks], [task[2:] for task in tasks]
    name = f"difficulty and failure, {len(tasks)} airline tasks: rank correlation, "
    found = {
        "whole": _rank(tasks, tasks, lambda t: difficulty_of(t.content)),
        "of two trials with the other two": fmean(
            _rank(a, b, lambda t: difficulty_of(t.content)) for a, b in (halves, halves[::-1])
        ),
        "first words alone": _rank(tasks, tasks, lambda t: difficulty_of_ask(t.content)),
        "task as it was set": _rank(tasks, tasks, lambda t: difficulty_of_ask(t.set_as)),
    }
    travel = fmean(domain_of(trial.content) == "travel" for trial in chain(*tasks))
    return [
        Figure("rules, domain: right of the airline trajectories", travel, "", LEAST, "higher"),
        *(Figure(name + what, value, "") for what, value in found.items()),
    ]


def airline() -> Tasks:
    """Return the trials of each airline task, in their order."""
    tasks = defaultdict(list)
    with gzip.open(AIRLINE, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            told = json.loads(line)
            found = trajectories.extract(told, source_id=str(number), at=START)
            set_as = Content(input=told["info"]["task"]["instruction"], output="")
            tasks[found.example.task_id].append(Trial(found.content, set_as, 1 - told["reward"]))
    return list(tasks.values())


def _rank(of: Tasks, against: Tasks, measure: Callable[[Trial], float]) -> float:
    hard = [fmean(map(measure, task)) for task in of]
    failed = [fmean(trial.failed for trial in task) for task in against]
    return float(spearmanr(hard, failed).statistic)
