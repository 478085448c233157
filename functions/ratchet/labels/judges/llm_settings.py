"""What a judge that is a language model takes as settings."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from ratchet.kernel.document import Listed, Model
from ratchet.labels.judges.judge import Path
from ratchet.labels.judges.prompt import places
from ratchet.labels.label import Class
from ratchet.observe.observation import Share

TIE = "tie"
PAIR = ("first", "second")
# Of another name a variable may be any secret of the machine, and it is sent to `baseUrl`.
KeyName = Annotated[str, StringConstraints(pattern=r"^([A-Z][A-Z0-9_]*_)?API_KEY$", max_length=100)]
Price = Annotated[float, Field(ge=0, le=100_000)]


class Candidate(Model):
    """One of a pair: the class that it wins, and where the observation has it."""

    name: Class
    at: Path


class LlmSettings(Model):
    """An OpenAI-compatible address, what is asked there, and what it may cost.

    `prompt` shows `{places}` of the observation by their paths. `classes` have a score each, or
    null; without any, the answer is a score. `candidates` are the two of a pair, and the prompt
    shows `{first}` and `{second}`: each case is asked in both orders, the class is who won, and
    the score that of the candidate named first here. `apiKeyEnv` names the variable of the
    environment that holds the key. `repeats` asks the same so many times.
    Units: prices in US dollars per million tokens.
    """

    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s@]+$", max_length=300)]
    model: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    prompt: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    classes: Annotated[dict[Class, Share | None], Field(max_length=50)] = {}
    candidates: Annotated[tuple[Candidate, ...], Listed] = ()
    api_key_env: KeyName | None = None
    max_cost_usd_day: Annotated[float, Field(gt=0, le=100_000)]
    usd_per_million_in: Price
    usd_per_million_out: Price
    max_tokens: Annotated[int, Field(ge=8, le=32_768)] = 256
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    repeats: Annotated[int, Field(ge=1, le=20)] = 1
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0

    @model_validator(mode="after")
    def _check(self) -> Self:
        shown = set(places(self.prompt))
        if not shown:
            raise ValueError("prompt shows nothing: name a place, like {meta.answer}")
        if not self.candidates:
            return self
        if len(self.candidates) != 2 or len({TIE, *(c.name for c in self.candidates)}) != 3:
            raise ValueError(
                f"candidates are the two of a pair, and their names are two, none of them {TIE}"
            )
        if not shown.issuperset(PAIR):
            raise ValueError("prompt shows no {first} and {second}, which candidates come as")
        if self.classes:
            raise ValueError("classes and candidates exclude each other: the class is who won")
        return self

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Return what tokens cost, in US dollars."""
        return (tokens_in * self.usd_per_million_in + tokens_out * self.usd_per_million_out) / 1e6
