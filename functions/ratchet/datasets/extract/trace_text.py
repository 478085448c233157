"""A trace that is text: JSON of steps or of chat messages is read, and all else is one message.

Read are a list, or an object with one under `steps`, `messages` or `traj`.
"""

import json
from collections.abc import Mapping
from typing import Any

from ratchet.datasets.example import Step
from ratchet.datasets.extract.clean import check_payload
from ratchet.datasets.extract.trajectory import Message
from ratchet.kernel.errors import InvalidInput, Poisoned

_LISTS = ("steps", "messages", "traj")
ROLE = "trace"


def steps_of(text: str, field: str) -> tuple[Step, ...]:
    """Return what a trace says happened, in its order.

    Raises: Poisoned where it is JSON that hides what is no text, or that is nested too deep.
    """
    if not text.strip():
        return ()
    found = _list_of(text, field)
    try:
        return tuple(step for item in found for step in _read(item))
    except InvalidInput:  # a list of something else
        found = []
    return (Step(kind="message", role=ROLE, text=text),)


def _list_of(text: str, field: str) -> list[Any]:
    """Return the items of a trace that is JSON, or one that is none."""
    try:
        told = json.loads(text) if text.lstrip()[0] in "[{" else None
    except RecursionError as error:
        raise Poisoned("nested without end", field=field, mend="send it flatter") from error
    except ValueError:
        told = None
    check_payload(told)
    if isinstance(told, Mapping):
        told = next((told[name] for name in _LISTS if name in told), None)
    return told if isinstance(told, list) and told else [None]


def _read(item: Any) -> tuple[Step, ...]:
    """Return the steps of an item. Raises: InvalidInput where it is neither step nor message."""
    if isinstance(item, Mapping) and "kind" in item:
        return (Step.parse(item),)
    message = Message.parse(item)
    return () if message.role == "system" else tuple(message.steps())
