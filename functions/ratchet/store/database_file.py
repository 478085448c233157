"""The file of an embedded database: its owner's alone, and still the one that was opened."""

import os
from contextlib import suppress

Identity = tuple[int, int]


def own_file(path: str) -> Identity:
    """Return which file a path is, made at first use for its owner alone.

    Raises: OSError.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return _identity(path)


def is_still(path: str, file: Identity) -> bool:
    """Say whether a path is still the file that it was: what is written to another one is lost."""
    try:
        return _identity(path) == file
    except OSError:
        return False


def _identity(path: str) -> Identity:
    found = os.stat(path)
    return found.st_dev, found.st_ino
