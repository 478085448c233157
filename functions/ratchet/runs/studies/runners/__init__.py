"""Runners: who does the work of a study, by its type.

To add one: write its file, add its line here, add its test.
"""

from collections.abc import Mapping

from ratchet.runs.studies.runners import external, heuristic_training, parameter_tuning
from ratchet.runs.studies.runners.runner import Runner
from ratchet.runs.studies.study import StudyType

RUNNERS: Mapping[StudyType, Runner] = {
    "adapter_training": external.run,
    "heuristic_training": heuristic_training.run,
    "parameter_tuning": parameter_tuning.run,
    "prompt_synthesis": external.run,
    "rag_optimization": external.run,
    "tool_tuning": external.run,
}
# Their work is handed out by a job record.
HANDED_OUT = frozenset(kind for kind, runner in RUNNERS.items() if runner is external.run)
