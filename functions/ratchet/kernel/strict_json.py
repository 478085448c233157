"""What JSON leaves open and every reader here takes alike: a name stands once in an object."""

from collections import Counter
from typing import Any

from ratchet.kernel.errors import InvalidInput

SHOWN = 80  # characters of a name that is told


def names_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of its pairs, as `object_pairs_hook` hands them over.

    Raises: InvalidInput where a name stands twice.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        (name, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        twice = name[:SHOWN]
        raise InvalidInput(
            f"{twice!r} stands twice in one object", field=twice, mend="send it once"
        )
    return found
