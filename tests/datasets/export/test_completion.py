from ratchet.datasets.example import Content, Step
from ratchet.datasets.export.completion import row_of
from tests.support.exported import TOLD, item


def test_a_prompt_tells_what_happened_before_the_output() -> None:
    assert row_of(item("x", TOLD)) == {
        "prompt": f"{TOLD.input}\n\nplan: Look, then book.\n\n"
        'call book: {"to":"Rome"}\n\nresult book: ok',
        "completion": "Done.",
    }


def test_a_message_is_told_with_who_said_it() -> None:
    steps = (Step(kind="message", role="user", text="a"), Step(kind="message", text="b"))
    found = row_of(item("x", Content(input="ask", output="end", steps=steps)))
    assert found["prompt"] == "ask\n\nuser: a\n\nmessage: b"
