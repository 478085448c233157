"""Task type: the first rule that holds."""

import pytest

from ratchet.datasets.example import Content, Step
from ratchet.datasets.extract.classify import task_type_of

CALL, PLAN = Step(kind="call", name="look"), Step(kind="plan", text="rest")
MORE = Step(kind="message", role="user", text="And then?")
SAID = Step(kind="message", role="assistant", text="Hm.")


@pytest.mark.parametrize(
    ("ask", "steps", "kind"),
    [
        ("Make a plan for June.", (PLAN, CALL), "tool_use"),
        ("Make a plan for June.", (MORE,), "multi_step"),
        ("First plan it, then do it.", (), "multi_step"),
        ("Make a plan for June.", (), "planning"),
        ("Tidy up.", (PLAN,), "planning"),
        ("Tidy up.", (SAID,), "single_step"),
    ],
)
def test_the_first_rule_that_holds_is_the_type(
    ask: str, steps: tuple[Step, ...], kind: str
) -> None:
    assert task_type_of(Content(input=ask, output="", steps=steps)) == kind
