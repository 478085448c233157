"""Schema versions: every document carries `v`, and upcasters read old ones step by step."""

from collections.abc import Callable, Mapping
from typing import Any

from ratchet.kernel.errors import UnknownSchema

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

# (collection, version read) -> the map one version newer. One line for each change of a schema.
UPCASTERS: dict[tuple[str, int], Upcaster] = {}


def upcast(
    collection: str,
    data: Mapping[str, Any],
    *,
    to: int,
    upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
) -> dict[str, Any]:
    """Return the map as the schema version `to` has it; a map without `v` is version 1.

    Raises: UnknownSchema for a newer document, or where a step is missing.
    """
    current = dict(data)
    version = current.get("v", 1)
    if not isinstance(version, int) or version > to:
        raise UnknownSchema(
            f"{collection} document has schema version {version!r}, this program reads up to {to}",
            field="v",
            mend="upgrade ratchet",
        )
    while version < to:
        step = upcasters.get((collection, version))
        if step is None:
            raise UnknownSchema(f"no upcaster for {collection} from version {version}", field="v")
        current = step(current)
        version += 1
    return current | {"v": to}
