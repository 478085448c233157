"""Trajectories of a file, for the demo: those that it is handed, or the sample data."""

from pathlib import Path

from ratchet.datasets.extract.trajectory import Trajectory
from ratchet.entry.files import parse_json, read_text
from ratchet.kernel.errors import InvalidInput, NotFound

SAMPLE = "shared/data/agents/tau_airline_gpt4o.jsonl.gz"
_BESIDE_PROJECT = Path(__file__).resolve().parents[6]


def read_trajectories(path: Path | None) -> list[Trajectory]:
    """Return the trajectories of a file of JSON lines, by trial; without one, of the sample data.

    Raises: NotFound, InvalidInput that names the line.
    """
    file = path or _BESIDE_PROJECT / SAMPLE
    if path is None and not file.is_file():
        raise NotFound(
            f"the sample data are not here: {file} does not exist",
            field="file",
            mend="name a file of trajectories, JSON lines as tau-bench writes them: "
            "ratchet demo --runs FILE",
        )
    lines = enumerate(read_text(file, "file").splitlines(), 1)
    found = [_parsed(line, f"{file} line {n}") for n, line in lines if line.strip()]
    if not found:
        raise InvalidInput(f"{file} has no trajectories", field="file", mend="one a line, JSON")
    return sorted(found, key=lambda one: (one.trial, str(one.task_id).zfill(8)))


def _parsed(line: str, where: str) -> Trajectory:
    try:
        return Trajectory.parse(parse_json(line, where, "file"))
    except InvalidInput as error:
        wanted = "wants task_id, trial, reward and traj, as tau-bench writes them"
        raise InvalidInput(f"{where}: {error.message}", field="file", mend=wanted) from error
