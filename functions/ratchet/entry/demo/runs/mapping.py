"""What a trajectory is told as: the table that the demo prints, and that this file holds to.

| of the trajectory | told as |
|---|---|
| `reward` | gate `task`: passed at 1, else failed; outcome success or failure |
| no verdict of the judge | the steps ran out: outcome timeout, error code `max_steps` |
| a task that failed | error code `handed_over`, else `tool_errors`, else `wrong_result` |
| each message of the agent | one observation, of the model gpt-4o; metric `steps` |
| all that was said before it | its tokens in: a token is 4 characters; $2.50 a million |
| what it said, and its calls | its tokens out, likewise; $10.00 a million |
| tool answers that begin `Error` | metric `apiBreakages`; outcome failure of the step that asked |
| nothing | a budget of $0.10 a run, set here |
| nothing | duration: the trajectories have no times, so none is told |

The prices are gpt-4o's list prices of 2024-08-06. The cost of a run is told by its observations.
"""

from typing import Any

from ratchet.datasets.extract.trajectory import Trajectory

COMPONENT = "airline-agent"
MODEL = "gpt-4o"
BUDGET_USD = 0.10
CHARACTERS_A_TOKEN = 4
USD_IN, USD_OUT = 2.50e-6, 10.00e-6  # a token
TABLE: tuple[tuple[str, str], ...] = tuple(
    (cells[1].strip().replace("`", ""), cells[2].strip().replace("`", ""))
    for line in (__doc__ or "").splitlines()
    if len(cells := line.split("|")) == 4 and not line.startswith("|--")
)


def run_of(one: Trajectory, run_id: str, ts: int) -> dict[str, Any]:
    """Return the run that a trajectory is told as. Units: ts in milliseconds since 1970."""
    outcome = "success" if one.passed else "timeout" if one.was_cut_off else "failure"
    run = {
        "runId": run_id,
        "ts": ts,
        "component": COMPONENT,
        "models": [MODEL],
        "budget": {"maxCostUsd": BUDGET_USD},
        "outcome": outcome,
        "gates": {"task": "passed" if one.passed else "failed"},
        "metrics": {"steps": one.steps, "apiBreakages": one.tool_errors},
    }
    return run if one.passed else run | {"errorCode": _why(one)}


def _why(one: Trajectory) -> str:
    if one.was_cut_off:
        return "max_steps"
    if one.handed_over:
        return "handed_over"
    return "tool_errors" if one.tool_errors else "wrong_result"


def steps_of(one: Trajectory, run_id: str, ts: int) -> list[dict[str, Any]]:
    """Return an observation of each step of the agent, of which none has a time of its own."""
    found, said = [], 0
    for message, answer in zip(one.traj, (*one.traj[1:], None), strict=True):
        if message.role == "assistant":
            refused = answer is not None and answer.is_tool_error
            tokens_in, tokens_out = _tokens(said), _tokens(message.characters)
            step: dict[str, Any] = {
                "ts": ts,
                "component": COMPONENT,
                "runId": run_id,
                "arm": MODEL,
                "outcome": "failure" if refused else "success",
                "tokensIn": tokens_in,
                "tokensOut": tokens_out,
                "costUsd": tokens_in * USD_IN + tokens_out * USD_OUT,
            }
            found.append(step | ({"errorCode": "tool_error"} if refused else {}))
        said += message.characters
    return found


def _tokens(characters: int) -> int:
    return round(characters / CHARACTERS_A_TOKEN)
