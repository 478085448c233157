"""Example: what a component was asked, did and answered once, as something to learn from."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from ratchet.kernel.canonical import canonical, content_hash
from ratchet.kernel.document import Document, Instant, Listed, Model
from ratchet.observe.observation import Count, Name, Outcome, Share

EXAMPLES = "ops_examples"
TaskType = Literal["single_step", "multi_step", "planning", "tool_use"]
Domain = Literal["travel", "coding", "qa", "planning", "general"]
Band = Literal["easy", "medium", "hard"]
Writer = Literal["machine", "person"]
Mark = Literal["train", "validation"]
SourceId = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Quality = Annotated[float, Field(ge=0, le=100)]
BANDS: tuple[Band, ...] = ("easy", "medium", "hard")
# Who may vouch for an example: a person, or a check of the world (a test suite, a simulator's
# reward). `judge:NAME` and `model:NAME` are machines, `self` is the author's own word.
PERSON, CHECK, SELF = "person", "check", "self"


def band_of(difficulty: float) -> Band:
    """Return the third of 0..1 that a difficulty lies in.

    >>> band_of(0.2), band_of(1 / 3), band_of(1.0)
    ('easy', 'medium', 'hard')
    """
    return BANDS[min(2, int(difficulty * 3 + 1e-12))]


class Step(Model):
    """One thing that happened between question and answer.

    `message` is said by a role, `call` asks a tool (`name`) with `text` as its arguments, `result`
    is what the tool answered, `plan` is an item of a plan. `ok` is False of what failed.
    """

    kind: Literal["message", "call", "result", "plan"]
    role: str = ""
    name: str = ""
    text: str = ""
    ok: bool | None = None


class Content(Model):
    """The words of an example: all that may be private, and all that a model is trained on."""

    input: str
    output: str
    steps: Annotated[tuple[Step, ...], Listed] = ()

    def to_bytes(self) -> bytes:
        """Return the canonical JSON of the content, which its blob holds.

        Raises: InvalidInput for lone surrogates.
        """
        return canonical(self.to_map())

    def texts(self) -> tuple[str, ...]:
        """Return every text of the content, in its order."""
        return (self.input, *(step.text for step in self.steps), self.output)


class Facts(Model):
    """What is known of how it went; what is unknown is absent. Units: milliseconds, US dollars."""

    outcome: Outcome | None = None
    duration_ms: float | None = None
    errors: Count = 0
    retries: Count = 0
    tokens: Count | None = None
    cost_usd: float | None = None


class Lineage(Model):
    """Where an example came from: who wrote the output, under which policy version, by which model.

    `vouched` says who vouches for its quality: `person`, `check`, `judge:NAME`, `model:NAME`,
    `self`. `parents` are examples that it was made from.
    """

    policy_version: Name | None = None
    model: Name | None = None
    writer: Writer = "machine"
    vouched: Annotated[tuple[str, ...], Listed] = ()
    parents: Annotated[tuple[str, ...], Listed] = ()
    run_id: Name | None = None


class ExampleLabel(Model):
    """A label that stands on an example: its source, class, and value 0..1 if any."""

    source: str
    label: str
    value: Share | None = None
    confidence: float = 100.0


class Redaction(Model):
    """What was taken out of an example's content: how many of each type, never their values.

    `version` is that of the code that did it; `content` is the blob of what was left.
    """

    version: str
    content: Hash
    counts: dict[str, int] = {}


class Example(Document):
    """`ops_examples/{id}`: all of an example but its words, which are the blob `content` names.

    `source` and `sourceId` say what it was extracted from: the same again replaces it. `taskId` is
    what repeats have in common; they never straddle splits. quality 0..100, confidence and
    difficulty 0..1. `reason` is why the collector did not keep it, `mark` the collector's 80/20.
    Raw words stay in silver: what leaves it is `redaction.content`.
    """

    collection: ClassVar[str] = EXAMPLES

    id: Hash
    source: Name
    source_id: SourceId
    task_id: SourceId
    ts: Instant
    component: Name
    tenant: Name = "default"
    domain: Domain
    task_type: TaskType
    difficulty: Share
    quality: Quality | None = None
    confidence: Share | None = None
    facts: Facts = Facts()
    lineage: Lineage = Lineage()
    labels: Annotated[tuple[ExampleLabel, ...], Listed] = ()
    content: Hash
    content_bytes: int
    tokens: int
    reason: str = ""
    mark: Mark = "train"
    redaction: Redaction | None = None
    withdrawn_at: Instant | None = None
    withdrawn_by: str = ""
    withdrawn_reason: str = ""
    shard: int = 0
    collected_at: Instant
    changed_at: Instant
    expire_at: Instant

    def key(self) -> str:
        """Return the id."""
        return self.id

    @property
    def band(self) -> Band:
        """The third that its difficulty lies in."""
        return band_of(self.difficulty)

    @property
    def kept(self) -> bool:
        """Whether the collector kept it, and nobody withdrew it."""
        return not self.reason and self.withdrawn_at is None


def example_id(source: str, source_id: str) -> str:
    """Return the id of what was extracted from a source's thing, the same everywhere."""
    return content_hash({"source": source, "sourceId": source_id})
