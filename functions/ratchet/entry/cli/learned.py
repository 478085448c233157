"""What a version learned from and does not stand any more, as commands that show it tell."""

from collections.abc import Sequence

from ratchet.labels.uses import NAMED, VERSION, withdrawn_of
from ratchet.store.port import Store


def withdrawn_behind(store: Store, version: str) -> tuple[str, ...]:
    """Return the labels that a version learned from and that were withdrawn since."""
    return withdrawn_of(store, f"{VERSION}{version}")


def note_of(version: str, gone: Sequence[str]) -> str:
    """Return the line that names them, and what to do."""
    labels = "1 label" if len(gone) == 1 else f"{len(gone)} labels"
    more = f", and {len(gone) - NAMED} more" if len(gone) > NAMED else ""
    named = ", ".join(gone[:NAMED]) + more
    return f"note: {version} learned from {labels} withdrawn since: {named}; train it anew"
