"""Route: a method of a path under /v1, who may call it, what it takes, and the verb behind it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from pydantic import StringConstraints, TypeAdapter, ValidationError

from ratchet.entry.wiring import App
from ratchet.govern.roles import MAX_REASON, Actor, Role
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.fault import first_fault
from ratchet.observe.observation import Name
from ratchet.policies.version import Number
from ratchet.rollouts.golden.names import GoldenName
from ratchet.store.limits import MAX_NAME

Reading = Mapping[str, str]
Method = Literal["GET", "POST"]
SECONDS = 60
NIGHT = 540  # what else is done at night, and has a function's whole time

# An id as it is listed, and as the store has it.
Key = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@%~+-]*$", max_length=MAX_NAME)
]
# Why something is changed, in one line that says something.
_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"
Why = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=MAX_REASON, pattern=rf"^{_LINE}*[^\s\x00-\x1f\x7f-\x9f]{_LINE}*$"
    ),
]
# What each name in braces stands for; what others named may hold slashes.
PARAMETERS: Mapping[str, Any] = {
    "agent": Name,
    "component": Name,
    "dataset": Name,
    "id": Key,
    "run": Name,
    "set": GoldenName,
    "version": Number,
    "view": Name,
}
_FORMS = {"agent": ".+", "component": ".+", "run": ".+"}


@dataclass(frozen=True)
class Ask:
    """A request that may pass, as a verb is handed it."""

    app: App
    actor: Actor
    now: datetime
    query: Mapping[str, str]
    route: str


@dataclass(frozen=True)
class Route:
    """One row of the table. `seconds` is how long a request with a key is held to be under way.

    The verb is handed the `Ask`, what stands in the path by name, and a parsed `query` or `body`;
    a `batch` it parses itself, item by item.
    """

    method: Method
    path: str
    verb: Callable[..., Model]
    answer: Any
    role: Role = "admin"
    query: type[Model] | None = None
    body: type[Model] | None = None
    batch: bool = False
    seconds: int = SECONDS

    @property
    def fresh(self) -> bool:
        """Whether revocation and the role as it is now are asked for: what people change is."""
        return self.method == "POST" and self.role == "admin"

    @property
    def names(self) -> tuple[str, ...]:
        """The names in braces."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    @cached_property
    def form(self) -> re.Pattern[str]:
        """The paths that are of this route."""
        text = re.sub(r"{(\w+)}", lambda m: f"(?P<{m[1]}>{_FORMS.get(m[1], '[^/]+')})", self.path)
        return re.compile(text)

    @property
    def bare(self) -> bool:
        """Whether there need not be a body: none of its fields is wanted."""
        if self.body is None:
            return True
        return not any(field.is_required() for field in self.body.model_fields.values())

    def readings(self, found: re.Match[str]) -> list[Reading]:
        """Return what may stand in a path, by name: an id is percent-encoded, or as it is listed.

        Raises: InvalidInput.
        """
        decoded = {name: unquote(found[name]) for name in self.names}
        listed = decoded | {name: found[name] for name in self.names if name == "id"}
        try:
            first = [_parsed(decoded)]
        except InvalidInput:
            return [_parsed(listed)]
        return first if listed == decoded else [*first, _parsed(listed)]


@cache
def adapter(name: str) -> TypeAdapter[str]:
    """Return what checks a part of a path."""
    return TypeAdapter(PARAMETERS[name])


def _parsed(texts: Mapping[str, str]) -> Reading:
    return {name: _checked(name, text) for name, text in texts.items()}


def _checked(name: str, text: str) -> str:
    try:
        return adapter(name).validate_python(text)
    except ValidationError as error:
        raise InvalidInput(
            f"{name} in the path: {first_fault(error, PARAMETERS[name])[1]}",
            field=name,
            mend="put the id into the path as it is listed, or percent-encoded",
        ) from error
