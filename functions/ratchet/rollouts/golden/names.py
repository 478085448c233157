"""What golden sets and their examples are called: no more than an entry point needs to start."""

from typing import Annotated, Literal

from pydantic import StringConstraints

MIN_EXAMPLES, MAX_EXAMPLES = 2, 20_000
GoldenName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Address = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ExampleId = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Purpose = Literal["promotion", "look"]
