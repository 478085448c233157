"""The crew of `ratchet dataset build --beam`; Beam itself is imported where it is asked for."""

import logging
from collections.abc import Sequence

from ratchet.datasets.versions.crew import Crew
from ratchet.entry.beam.reach import reach_of, runner_options
from ratchet.entry.cloud import wanted_packages
from ratchet.entry.wiring import App

DIRECT = "DirectRunner"


def crew_of(app: App, dataset: str, store: str | None, runner: str, options: Sequence[str]) -> Crew:
    """Return the workers of a pipeline.

    Raises: InvalidInput for what they cannot see, or without the extra `beam`.
    """
    reach = reach_of(store, runner)
    given = runner_options(options, runner)
    with wanted_packages("a build by Beam", "beam"):
        # As it is imported, Beam warns of packages that only a cloud's runners want.
        before = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            from ratchet.entry.beam.crew import BeamCrew
        finally:
            logging.disable(before)
    return BeamCrew(app.store, app.blobs, reach, dataset, tuple(given))
