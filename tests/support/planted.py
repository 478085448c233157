"""Examples of two worlds, and outliers of twelve kinds that are planted among them."""

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ratchet.datasets.example import Content, Step
from ratchet.datasets.versions.prepared import Prepared
from tests.support.curated import a_prepared

AIRLINE = Path(__file__).parents[3] / "shared/data/agents/tau_airline_gpt4o.jsonl.gz"
_SUBJECTS = {
    "travel": "flight hotel seat luggage ticket station ferry visa platform airport bus museum",
    "coding": "function parser index queue thread compiler variable module test socket cache loop",
    "qa": "river planet treaty element author century organ theorem currency glacier poem engine",
}
_KITCHEN = "soup onion oven butter recipe flour kettle garlic pepper spoon"
_VERBS = "explain compare check find change describe review choose explore replace arrange mend"
_GLUE = "because therefore while although before after with without near beyond about under"
_QUALITIES = "early cheap broken famous narrow quiet sudden modern large local careful final"


class World(NamedTuple):
    """Some examples, and of each what is wrong with it, None of an ordinary one."""

    prepared: list[Prepared]
    planted: list[str | None]


def a_world(texts: list[Content], share: float, seed: int) -> World:
    """Return examples of texts, a share of them made outliers, of each kind as many."""
    rng = np.random.default_rng(seed)
    wrong = rng.choice(len(texts), round(share * len(texts)), replace=False).tolist()
    kinds = [*PLANTED][seed % len(PLANTED) :] + [*PLANTED][: seed % len(PLANTED)]
    planted = {i: kinds[place % len(kinds)] for place, i in enumerate(wrong)}
    said = [PLANTED[planted[i]](t, rng) if i in planted else t for i, t in enumerate(texts)]
    prepared = [_ordinary(f"{seed}-{i}", content, rng) for i, content in enumerate(said)]
    return World(prepared, [planted.get(i) for i in range(len(texts))])


def _ordinary(name: str, content: Content, rng: np.random.Generator) -> Prepared:
    """Return an example whose facts say nothing of what is wrong with it."""
    took = float(rng.lognormal(11, 0.5))
    return a_prepared(
        name,
        content,
        quality=float(rng.uniform(75, 100)),
        confidence=float(rng.uniform(0.6, 1)),
        tokens=sum(map(len, content.texts())) // 4,
        facts={"outcome": "success", "durationMs": took},
    )


def airline() -> list[Content]:
    """Return the conversations of the airline's agent: asked, called, answered."""
    with gzip.open(AIRLINE, "rt", encoding="utf-8") as lines:
        return [_conversation(json.loads(line)["traj"]) for line in lines]


def _conversation(told: list[dict[str, Any]]) -> Content:
    said = [one for one in told if one["role"] != "system"]
    asked = next(str(one["content"]) for one in said if one["role"] == "user")
    answers = [str(one["content"]) for one in said if one["role"] == "assistant" and one["content"]]
    return Content(input=asked, output=answers[-1], steps=tuple(map(_step, said)))


def _step(said: dict[str, Any]) -> Step:
    text = str(said["content"] or "")
    if said.get("tool_calls"):
        call = said["tool_calls"][0]["function"]
        return Step(kind="call", role="assistant", name=call["name"], text=call["arguments"])
    if said["role"] == "tool":
        return Step(kind="result", name=said["name"], text=text, ok=not text.startswith("Error"))
    return Step(kind="message", role=said["role"], text=text)


def written(n: int, rng: np.random.Generator) -> list[Content]:
    """Return n questions with answers and some steps, on three subjects, of made-up sentences."""
    out = []
    for _ in range(n):
        words = _SUBJECTS[str(rng.choice(sorted(_SUBJECTS)))].split()
        asked = _sentences(words, rng, 1 + int(rng.integers(0, 4)))
        answer = _sentences(words, rng, 2 + int(rng.gamma(2, 2)))
        steps = tuple(_work(words, rng) for _ in range(int(rng.integers(0, 7))))
        out.append(Content(input=asked, output=answer, steps=steps))
    return out


def _sentences(words: list[str], rng: np.random.Generator, count: int) -> str:
    def one() -> str:
        pools = (_VERBS.split(), _QUALITIES.split(), words, _GLUE.split())
        picked = [str(rng.choice(pools[i % 4])) for i in range(int(rng.integers(5, 16)))]
        number = f" {int(rng.integers(2, 400))}" if rng.random() < 0.3 else ""
        return " ".join(picked).capitalize() + number + "."

    return " ".join(one() for _ in range(count))


def _work(words: list[str], rng: np.random.Generator) -> Step:
    ok = bool(rng.random() < 0.95)
    if rng.random() < 0.5:
        return Step(kind="call", name="look_up", text=_sentences(words, rng, 1))
    return Step(kind="result", name="look_up", text=_sentences(words, rng, 1), ok=ok)


def gibberish(one: Content, rng: np.random.Generator) -> Content:
    """Answer with random signs."""
    return _answering(one, "".join(map(chr, rng.integers(33, 126, 300))))


def a_loop(one: Content, rng: np.random.Generator) -> Content:
    """Answer with the same three words over and over."""
    return _answering(one, " ".join(one.output.split()[:3]) * 60)


def cut_off(one: Content, rng: np.random.Generator) -> Content:
    """Answer with two characters."""
    return _answering(one, one.output[:2])


def swollen(one: Content, rng: np.random.Generator) -> Content:
    """Answer thirty times as long, in other orders."""
    words = one.output.split()
    return _answering(one, " ".join(str(w) for _ in range(30) for w in rng.permutation(words)))


def cyrillic(one: Content, rng: np.random.Generator) -> Content:
    """Answer in another script."""
    table = {ord("a") + i: chr(0x430 + i) for i in range(26)}
    return _answering(one, one.output.casefold().translate(table))


def a_dump(one: Content, rng: np.random.Generator) -> Content:
    """Answer with a file in base64."""
    return _answering(one, base64.b64encode(rng.bytes(600)).decode())


def a_trace(one: Content, rng: np.random.Generator) -> Content:
    """Answer with an error's stack of calls."""
    lines = [
        f'  File "/srv/x/m_{i}.py", line {i * 37}, in f_{i}\n    r=f(x[{i}])' for i in range(12)
    ]
    return _answering(one, "Traceback (most recent call last):\n" + "\n".join(lines))


def figures_only(one: Content, rng: np.random.Generator) -> Content:
    """Answer with a table of numbers."""
    return _answering(one, " ".join(f"{x:.4f}" for x in rng.random(60)))


def shouted(one: Content, rng: np.random.Generator) -> Content:
    """Answer in capitals, as if in anger."""
    return _answering(one, one.output.upper())


def failing(one: Content, rng: np.random.Generator) -> Content:
    """Come to the same answer over forty calls that failed."""
    failed = tuple(
        Step(kind="result", name="x", text="Error: refused", ok=False) for _ in range(40)
    )
    return one.model_copy(update={"steps": (*one.steps, *failed)})


def echoed(one: Content, rng: np.random.Generator) -> Content:
    """Answer with the question."""
    return _answering(one, one.input)


def off_subject(one: Content, rng: np.random.Generator) -> Content:
    """Answer with what has nothing to do with the question, in good sentences."""
    return _answering(one, _sentences(_KITCHEN.split(), rng, 4))


PLANTED: Mapping[str, Callable[[Content, np.random.Generator], Content]] = {
    "gibberish": gibberish,
    "loop": a_loop,
    "cut off": cut_off,
    "swollen": swollen,
    "other script": cyrillic,
    "base64": a_dump,
    "stack trace": a_trace,
    "numbers": figures_only,
    "capitals": shouted,
    "failing steps": failing,
    "echo": echoed,
    "off subject": off_subject,
}


def _answering(one: Content, output: str) -> Content:
    return one.model_copy(update={"output": output})
