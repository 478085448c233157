"""Task type, by the first rule that holds.

1. `tool_use`: a tool was called on the way.
2. `multi_step`: the ask names two pieces of work or more by words of sequence (first, then,
   finally) or as a list, or the user spoke again before the answer.
3. `planning`: the ask wants a plan (a timetable, a roadmap, an itinerary), or plan items were made.
4. `single_step`: all else, one ask and one answer.
"""

from ratchet.datasets.example import Content, TaskType
from ratchet.datasets.extract.classify.ask import ask_of, parts_of, said_by_user, wants_plan


def task_type_of(content: Content) -> TaskType:
    """Return what kind of task an example is.

    >>> task_type_of(Content(input="Make a plan for June.", output="1. Rest."))
    'planning'
    """
    ask = ask_of(content)
    kinds = {step.kind for step in content.steps}
    if "call" in kinds:
        return "tool_use"
    if parts_of(ask) > 1 or said_by_user(content):
        return "multi_step"
    return "planning" if "plan" in kinds or wants_plan(ask) else "single_step"
