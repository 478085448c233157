"""Every type of study has a runner, every runner a type, and one handed out does nothing itself."""

import inspect
from typing import get_args

from ratchet.runs.studies import runners as studies
from ratchet.runs.studies.runners import HANDED_OUT, RUNNERS
from ratchet.runs.studies.runners.runner import Desk
from ratchet.runs.studies.study import Study, StudyType
from tests.contracts.test_registries import modules


def test_every_type_has_a_runner_and_every_runner_a_type() -> None:
    found = {name: m.run for name, m in modules(studies).items() if hasattr(m, "run")}
    assert set(RUNNERS) == set(get_args(StudyType))
    assert list(RUNNERS) == sorted(RUNNERS)
    assert set(RUNNERS.values()) == set(found.values())
    assert set(modules(studies)) - set(found) == {"runner"}


def test_a_type_is_run_by_the_file_of_its_name_or_handed_out() -> None:
    for kind, runner in RUNNERS.items():
        name = inspect.getmodule(runner).__name__.rpartition(".")[2]  # type: ignore[union-attr]
        assert name == ("external" if kind in HANDED_OUT else kind)


def test_a_runner_takes_a_desk_and_a_study_and_nothing_else() -> None:
    for runner in RUNNERS.values():
        kinds = [p.annotation for p in inspect.signature(runner).parameters.values()]
        assert kinds == [Desk, Study]
