"""Completion: a prompt, with what happened on the way told in lines, and what is to be answered."""

from ratchet.datasets.example import Content, Step
from ratchet.datasets.export.exporter import json_lines
from ratchet.datasets.versions.load import Item


def row_of(item: Item) -> dict[str, str]:
    """Return the line of an example."""
    return {"prompt": prompt_of(item.content), "completion": item.content.output}


def prompt_of(content: Content) -> str:
    r"""Return the input, then a paragraph for each step.

    >>> prompt_of(Content(input="2+2?", output="4", steps=(Step(kind="plan", text="Add."),)))
    '2+2?\n\nplan: Add.'
    """
    return "\n\n".join([content.input, *map(_told, content.steps)])


def _told(step: Step) -> str:
    who = step.role or "message" if step.kind == "message" else f"{step.kind} {step.name}".strip()
    return f"{who}: {step.text}"


EXPORTER = json_lines("completion", row_of)
