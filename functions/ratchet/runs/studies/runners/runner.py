"""What the runner of a study is handed, and what it says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor
from ratchet.kernel.keys import Keys
from ratchet.runs.studies.study import Result, Study
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Store


@dataclass(frozen=True)
class Desk:
    """What a runner works with: in whose name it drafts, and why, where that is a person."""

    store: Store
    keys: Keys
    reader: ConfigReader
    actor: Actor
    settings: StudySettings
    now: datetime
    reason: str = ""


class Runner(Protocol):
    """Takes a study to its end; taken up again after it died, it makes no second draft."""

    def __call__(self, desk: Desk, study: Study, /) -> Result | None:
        """Return what came of it; None where others do the work, and may yet.

        Raises: LearningOff; InvalidInput, NotFound, Refused: why nothing can come of it.
        """
