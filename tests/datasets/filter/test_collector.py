"""The collector's rule on 250 tasks, and the mark of a task."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ratchet.datasets.example import Content
from ratchet.datasets.filter import FILTERS
from ratchet.datasets.filter.collector import judge, mark_of
from ratchet.datasets.quality import quality_from
from ratchet.datasets.settings import DatasetSettings
from tests.support.curated import an_example

TASKS = Path(__file__).parent / "fixtures" / "tasks.json"
FAILS_ALL: dict[str, Any] = {
    "outcome": "failure",
    "output": "",
    "quality": None,
    "seconds": 5,
    "errors": 1,
    "retries": 1,
}
MEND: dict[str, dict[str, Any]] = {
    "not-successful": {"outcome": "success"},
    "no-output": {"output": "done"},
    "low-quality": {"quality": 75.0},
    "trivial": {"seconds": 700},
    "too-long": {"seconds": 60},
    "troubled": {"errors": 0, "retries": 0},
}


def reason_of(
    outcome: str | None,
    output: str,
    quality: float | None,
    seconds: float | None,
    errors: int,
    retries: int,
) -> str:
    """Return why a task is not kept."""
    facts = {
        "outcome": outcome,
        "durationMs": None if seconds is None else seconds * 1000,
        "errors": errors,
        "retries": retries,
    }
    example = an_example(quality=quality, facts=facts)
    return judge(example, Content(input="do it", output=output), DatasetSettings())


def test_of_250_tasks_42_are_kept_and_each_other_one_is_counted_under_its_first_reason() -> None:
    """The counts by hand: so many tasks of each kind are in the file, in no order.

    kept            20 plain + 8 of 4.0 + 6 of 10 s + 5 of 600 s + 3 of unknown length    =  42
    not-successful  31 failed + 14 timed out, mute, ungraded and long
                    + 10 failed, mute, of 1.0, short and troubled + 6 of unknown outcome  =  61
    no-output       15 mute + 7 of nothing but space and 3.0 + 5 mute, ungraded,
                    short and retried                                                     =  27
    low-quality     24 of 3.9 + 9 ungraded + 8 of 3.99 and 9 s + 7 of 2.0, 700 s, errors  =  48
    trivial         18 of 9.999 s + 9 of 0.5 s + 6 of 3 s and retried                     =  33
    too-long        11 of 600.001 s + 6 of an hour and with errors                        =  17
    troubled        9 with an error + 8 retried + 5 of 10 s with both                     =  22
                                                                                     sum   250
    """
    tasks = json.loads(TASKS.read_text())["tasks"]
    counts = Counter(
        reason_of(outcome, output, None if of_5 is None else quality_from(of_5, "1-5"), *rest)
        for outcome, output, of_5, *rest in tasks
    )
    assert dict(counts) == {
        "": 42,
        "not-successful": 61,
        "no-output": 27,
        "low-quality": 48,
        "trivial": 33,
        "too-long": 17,
        "troubled": 22,
    }


def test_whoever_mends_the_reason_that_is_told_is_told_the_next_in_the_registrys_order() -> None:
    task, told = dict(FAILS_ALL), []
    while reason := reason_of(**task):
        told.append(reason)
        task |= MEND[reason]
    assert told == list(FILTERS) == list(MEND)


@pytest.mark.parametrize(
    ("task_id", "mark"),
    [("airline/0", "train"), ("airline/8", "validation"), ("half \ud800", "train")],
)
def test_a_mark_is_its_tasks_and_never_changes(task_id: str, mark: str) -> None:
    assert mark_of(task_id) == mark


def test_one_task_in_five_is_marked_for_validation() -> None:
    marks = Counter(mark_of(f"task-{i}") for i in range(10_000))
    # Five standard deviations of a binomial of a fifth: 5 * sqrt(10,000 * 0.16) = 200.
    assert abs(marks["validation"] - 2000) < 200
    assert marks.total() == 10_000
