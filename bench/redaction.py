"""Redaction: what is found and what is found wrongly by type, and examples per second."""

import math
import random
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import numpy as np

from bench.figure import Figure
from ratchet.datasets.example import Content, Step
from ratchet.datasets.protect.detect.detector import Span
from ratchet.datasets.protect.redact import redact
from tests.support.private import SAMPLE, Found, Marked, compared, detected, own_texts, sample_texts
from tests.support.private import presidio as presidio_of

EXAMPLES, OTHERS = 2_000, 100
LETTERS = 2_000  # of an example
LENGTHS = (62_500, 250_000, 1_000_000)
HARD = "1 @a 4111 1111 415-555-2671 password="
CERTAIN = ("EMAIL", "IP", "IBAN", "CARD", "SSN")
Find = Callable[[str], list[Span]]


def figures() -> list[Figure]:
    """Measure all of it, with presidio's recognisers of patterns beside ours where they are."""
    finders: dict[str, Find] = {"ours": detected}
    if find_spec("presidio_analyzer"):
        finders["presidio's"] = presidio_of()
    out = [figure for name, texts in corpora().items() for figure in found(name, texts, finders)]
    return out + speeds(finders) + growth()


def corpora() -> dict[str, list[Marked]]:
    """Return texts by where they are from."""
    return {"own texts": own_texts()} | ({"presidio": sample_texts()} if SAMPLE.is_file() else {})


def found(name: str, texts: list[Marked], finders: dict[str, Find]) -> list[Figure]:
    """Measure recall by type, and precision over all that both look for."""
    out = []
    for who, find in finders.items():
        counts = compared(texts, [find(one.text) for one in texts])
        ours = who == "ours"
        for kind, one in sorted(counts.items()):
            if one.marked and (ours or kind in (*CERTAIN, "PHONE")):
                limit = 0.95 if ours and kind in CERTAIN else None
                value = one.hits / one.marked
                about = f"redaction, {name}, {who}: recall of {one.marked} {kind}"
                out.append(Figure(about, value, "", limit, better="higher"))
        about = f"redaction, {name}, {who}: precision"
        out.append(Figure(about, precision(counts), "", 0.9 if ours else None, better="higher"))
    return out


def precision(counts: dict[str, Found]) -> float:
    """Return the share of what was found that is marked."""
    hits = sum(one.hits for one in counts.values())
    return hits / (hits + sum(one.wrong for one in counts.values()))


def speeds(finders: dict[str, Find]) -> list[Figure]:
    """Measure examples of 2 kB per second, on one processor; the obvious way finds, no more."""
    made = examples(EXAMPLES)
    ours = EXAMPLES / seconds(lambda: [redact(one) for one in made])
    out = [
        Figure("redaction, ours: examples of 2 kB", ours, "/s"),
        Figure("redaction, ours: 100,000 examples of 2 kB", 100_000 / ours, "s", 600),
    ]
    if "presidio's" in finders:
        find = finders["presidio's"]
        few = made[:OTHERS]
        theirs = OTHERS / seconds(lambda: [[find(t) for t in one.texts()] for one in few])
        out += [
            Figure("redaction, presidio's: examples of 2 kB, found only", theirs, "/s"),
            Figure("redaction, ours to presidio's", ours / theirs, "x", 1, better="higher"),
        ]
    return out


def growth() -> list[Figure]:
    """Measure how time grows with the length of one text that is hard on purpose."""
    times = []
    for n in LENGTHS:
        one = Content(input=(HARD * (n // len(HARD) + 1))[:n], output="")
        times.append(seconds(partial(redact, one)))
    slope = float(np.polyfit(np.log(LENGTHS), np.log(times), 1)[0])
    return [
        Figure("redaction, one hard text of 1 MB", times[-1], "s"),
        Figure("redaction, slope of time in log-log, to 1 MB", slope, "", 1.1),
    ]


def examples(n: int) -> list[Content]:
    """Return examples of 2 kB, some of whose texts have something private."""
    rng, texts = random.Random(1), [one.text for one in own_texts()]
    clear = [one.text for one in own_texts() if not one.spans]
    out = []
    for _ in range(n):
        steps: list[str] = []
        letters = 0
        while letters < LETTERS:
            steps.append(rng.choice(texts if len(steps) % 8 == 0 else clear))
            letters += len(steps[-1])
        told = (Step(kind="message", role="user", text=text) for text in steps[1:-1])
        out.append(Content(input=steps[0], output=steps[-1], steps=tuple(told)))
    return out


def seconds(run: Callable[[], object]) -> float:
    """Return the least seconds of two runs."""
    best = math.inf
    for _ in range(2):
        began = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - began)
    return best
