"""Accuracy of the rules on the texts of the tests, and difficulty against failure."""

import json
from pathlib import Path

import pytest

from bench.classify import accuracy, hardness
from ratchet.datasets.example import Content
from ratchet.datasets.extract.classify import domain_of
from tests.support.trajectories import sample


def test_domain_and_task_type_are_right_of_four_fifths_of_the_texts_unseen_ones_too() -> None:
    found = {figure.name: figure.value for figure in accuracy()}
    assert len(found) == 6
    assert min(found.values()) >= 0.8
    assert {name.split("of ")[1] for name in found} == {
        "70 texts (all)",
        "47 texts (seen)",
        "23 texts (unseen)",
    }


def test_domain_is_right_of_four_fifths_of_what_somebody_else_wrote_once_the_rules_were_done() -> (
    None
):
    later = Path(__file__).parents[1] / "fixtures" / "later.json"
    texts = json.loads(later.read_text())
    right = [domain_of(Content(input=text, output="ok")) == domain for domain, text in texts]
    assert (len(right), sum(right)) == (34, 28)  # 0.82, as docs/datasets.md says


@pytest.mark.slow
def test_what_is_called_hard_fails_more_often_in_other_trials_too() -> None:
    sample()
    found = {figure.name.split("correlation, ")[-1]: figure.value for figure in hardness()}
    assert found["whole"] > 0.4
    assert found["of two trials with the other two"] > 0.3
