"""LLM judge: a model behind an OpenAI-compatible API, asked within a budget.

That it keeps to the form, the budget and the order of a pair is promised; that it is right is not.
"""

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ratchet.kernel.errors import InvalidInput, Misconfigured, Throttled, Unavailable
from ratchet.labels.judgement import Position
from ratchet.labels.judges.budget import reserve, settle
from ratchet.labels.judges.judge import Case, Judge, Said, Seat, Unsaid, Verdict
from ratchet.labels.judges.llm_settings import PAIR, TIE, LlmSettings
from ratchet.labels.judges.prompt import Answer, messages, read_answer

__all__ = ["LlmSettings", "opened"]

Messages = list[dict[str, str]]
OVERHEAD = 200  # tokens that a server may add around the messages
TOKEN = 3  # bytes, where nobody counts tokens: texts have about four to each, those of Asia three


@dataclass
class _Bill:
    """What the turns of a case cost, and whether any of it is guessed."""

    usd: list[float] = field(default_factory=list)
    guessed: bool = False


@contextmanager
def opened(seat: Seat) -> Iterator[Judge]:
    """Open the client, which is closed behind the last case.

    Raises: InvalidInput without the package or the key.
    """
    settings = LlmSettings.model_validate(seat.settings)
    try:
        import openai
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"a judge that is a language model wants a package more: {error.name}",
            mend="pip install 'ratchet[llm]'",
        ) from error
    client = openai.OpenAI(
        api_key=_key(settings),
        base_url=settings.base_url,
        timeout=settings.timeout_seconds,
        max_retries=settings.retries,
    )
    with client:
        yield _Llm(seat, settings, client)


class _Llm:
    """One open client."""

    def __init__(self, seat: Seat, settings: LlmSettings, client: Any) -> None:
        self._seat = seat
        self._settings = settings
        self._client = client

    def __call__(self, case: Case) -> Said:
        """Ask about one case, in both orders of a pair; of what is not answered, nothing is said.

        Raises: Refused, Unavailable.
        """
        turns = _turns(self._settings, case)
        if isinstance(turns, Unsaid):
            return turns
        seat, now = self._seat, self._seat.clock()
        worst = sum(self._worst(asked) for _, _, asked in turns)
        limit = self._settings.max_cost_usd_day
        reserve(seat.store, seat.judge, worst, limit=limit, now=now)
        bill = _Bill()
        try:
            return self._judge(turns, bill)
        finally:
            settle(seat.store, seat.judge, reserved=worst, usd=sum(bill.usd), now=now)

    def _judge(self, turns: Sequence[tuple[Position | None, int, Messages]], bill: _Bill) -> Said:
        verdicts = []
        for position, repeat, asked in turns:
            said = self._ask(asked, bill)
            if isinstance(said, Unsaid):
                return Unsaid(said.why, said.fault, sum(bill.usd), bill.guessed)
            about = {"position": position, "repeat": repeat, "costUsd": bill.usd[-1]}
            about["guessed"] = bill.guessed
            verdicts.append(Verdict.parse(_outcome(self._settings, said, position) | about))
        return tuple(verdicts)

    def _ask(self, asked: Messages, bill: _Bill) -> Answer | Unsaid:
        """Ask once, with the retries of the client, and put on the bill what it cost."""
        import openai

        worst = self._worst(asked)
        try:
            found = self._client.chat.completions.create(
                model=self._settings.model,
                messages=asked,
                temperature=self._settings.temperature,
                max_tokens=self._settings.max_tokens,
                response_format={"type": "json_object"},
            )
        except openai.APIConnectionError as error:  # it may have acted, and may ask to be paid
            bill.usd.append(worst)
            raise Unavailable(self._told("does not answer", error), mend="try again") from error
        except openai.APIStatusError as error:
            return self._refused(error)
        text, told = _text(found), _told_cost(self._settings, found)
        bill.guessed |= told is None
        if told is None:
            told = worst if isinstance(text, Unsaid) else _guess(self._settings, asked, text)
        bill.usd.append(told)
        return text if isinstance(text, Unsaid) else read_answer(text, _classes(self._settings))

    def _refused(self, error: Any) -> Unsaid:
        """Return why it answers about this case with an error, or raise where it would to each.

        Raises: Misconfigured, Throttled, Unavailable.
        """
        status = error.status_code
        told = self._told(f"answers {status}", error)
        if status in (401, 403, 404):
            raise Misconfigured(
                told, field="settings", mend="mend baseUrl, model or the key it names"
            ) from error
        if status == 429:
            raise Throttled(told, mend="ask for less, or later") from error
        if status >= 500 or status in (408, 409):
            raise Unavailable(told, mend="try again") from error
        return Unsaid(told, fault=True)

    def _worst(self, asked: Messages) -> float:
        """Return what one turn may cost at most: no token is less than a byte."""
        size = sum(_bytes(m["content"]) for m in asked) + OVERHEAD
        attempts = 1 + self._settings.retries
        return attempts * self._settings.cost(size, self._settings.max_tokens)

    def _told(self, what: str, error: Exception) -> str:
        key = self._client.api_key
        why = str(error).replace(key, "***")[:300]
        return f"{self._seat.judge} at {self._settings.base_url} {what}: {why}"


def _key(settings: LlmSettings) -> str:
    """Return the key of the environment; a server without keys is sent the word `none`.

    Raises: InvalidInput.
    """
    name = settings.api_key_env
    if name is None:
        return "none"
    if not (key := os.environ.get(name, "")):
        raise InvalidInput(f"{name} is not set", field="apiKeyEnv", mend=f"export {name}=...")
    return key


def _turns(
    settings: LlmSettings, case: Case
) -> list[tuple[Position | None, int, Messages]] | Unsaid:
    """Return what is asked about a case, or why nothing is."""
    orders: dict[Position | None, dict[str, str]] = {None: {}}
    if settings.candidates:
        a, b = (candidate.at for candidate in settings.candidates)
        first, second = PAIR
        orders = {"ab": {first: a, second: b}, "ba": {first: b, second: a}}
    turns: list[tuple[Position | None, int, Messages]] = []
    for position, shown in orders.items():
        asked = messages(settings.prompt, case, _classes(settings), shown)
        if isinstance(asked, Unsaid):
            return asked
        turns += [(position, repeat, asked) for repeat in range(settings.repeats)]
    return turns


def _classes(settings: LlmSettings) -> tuple[str, ...]:
    return (*PAIR, TIE) if settings.candidates else tuple(sorted(settings.classes))


def _outcome(settings: LlmSettings, said: Answer, position: Position | None) -> dict[str, Any]:
    """Return class and score; of a pair, those of the candidate that stood where it was seen."""
    label, score = said.label, said.score
    if settings.candidates and label is not None:
        if label == TIE:
            score = 0.5
        else:
            won = PAIR.index(label) ^ (position == "ba")
            label, score = settings.candidates[won].name, 1.0 - won
    elif label is not None:
        score = settings.classes[label]
    return {"label": label, "score": score, "confidence": said.confidence}


def _text(found: Any) -> str | Unsaid:
    """Return what a completion says; a server may send anything."""
    try:
        text = found.choices[0].message.content
    except (AttributeError, IndexError, TypeError):
        text = None
    return text if isinstance(text, str) else Unsaid("it sent no chat completion", fault=True)


def _guess(settings: LlmSettings, asked: Messages, text: str) -> float:
    """Return what an answer cost by the length of what was said; rather more than less."""
    said = sum(_bytes(m["content"]) for m in asked), _bytes(text)
    return settings.cost(*(math.ceil(size / TOKEN) for size in said))


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))


def _told_cost(settings: LlmSettings, found: Any) -> float | None:
    """Return what an answer cost by its usage; None where it does not tell."""
    usage = getattr(found, "usage", None)
    tokens_in, tokens_out = (
        getattr(usage, f"{of}_tokens", None) for of in ("prompt", "completion")
    )
    if (
        isinstance(tokens_in, int)
        and isinstance(tokens_out, int)
        and min(tokens_in, tokens_out) >= 0
    ):
        return settings.cost(tokens_in, tokens_out)
    return None
