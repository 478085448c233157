"""Trajectories: a line of tau-bench, one trial of a task, as an example of it.

The input is what the user said before anybody answered, the output the agent's last words, the
steps all that lies between; what comes after (a farewell, handing the user over) is no part of it,
nor is the system's prompt. The reward is the simulator's, which checks the world: it vouches as
`check`, surely. Who ran out of steps was judged by nobody, and has no quality. Trials of one task
share its id and how it was set, so that tasks of two files are never taken for repeats.
"""

from datetime import datetime
from typing import Any

from ratchet.datasets.example import CHECK, Content, Facts, Lineage, Step
from ratchet.datasets.extract.extractor import Extracted, Told, extracted, parsed
from ratchet.datasets.extract.trajectory import Message, Trajectory
from ratchet.datasets.quality import quality_from
from ratchet.kernel.canonical import content_hash

SOURCE = "trajectories"
_STOP = "###STOP###"  # how tau-bench's user says that it is done


def extract(payload: Any, *, source_id: str, at: datetime) -> Extracted:
    """Return the example of one trajectory; it has no time of its own, so it is of its arrival.

    Raises: Malformed, Poisoned.
    """
    one = parsed(Trajectory, payload)
    judged = not one.was_cut_off
    outcome = "success" if one.passed else "failure" if judged else "timeout"
    told = Told(
        task_id=_task_of(one),
        ts=at,
        component=one.component,
        quality=quality_from(one.reward, "0-1") if judged else None,
        confidence=1.0 if judged else None,
        facts=Facts(outcome=outcome, errors=one.tool_errors),
        lineage=Lineage(model=one.model, vouched=(CHECK,) if judged else ()),
    )
    return extracted(SOURCE, source_id, content_of(one.traj), told)


def content_of(messages: tuple[Message, ...]) -> Content:
    """Return the words of a conversation: the ask, what came of it, the agent's last words."""
    spoken = [_without_stop(message) for message in messages if message.role != "system"]
    said = [i for i, m in enumerate(spoken) if m.role == "assistant" and m.content]
    end = said[-1] if said else len(spoken)
    asked = _ask_of(spoken[:end])
    between: list[Step] = []
    for i, message in enumerate(spoken[:end]):
        if i not in asked:
            between += message.steps()
    return Content(
        input="\n\n".join(spoken[i].content or "" for i in asked),
        output=(spoken[end].content or "") if said else "",
        steps=tuple(between),
    )


def _ask_of(messages: list[Message]) -> range:
    """Return where the user first speaks, until somebody answers."""
    first = next((i for i, m in enumerate(messages) if m.role == "user"), len(messages))
    after = range(first, len(messages))
    end = next((i for i in after if messages[i].role != "user"), len(messages))
    return range(first, end)


def _without_stop(message: Message) -> Message:
    if message.role != "user" or _STOP not in (message.content or ""):
        return message
    text = (message.content or "").replace(_STOP, "").strip()
    return message.model_copy(update={"content": text})


def _task_of(one: Trajectory) -> str:
    """Return what all trials of a task have in common."""
    task = str(one.task_id)
    return task if one.info.task is None else f"{task}:{content_hash(one.info.task)[:16]}"
