"""Arrival: a log that comes by standard input, kept in a file while it is read again."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ratchet.entry.files import GZIP
from ratchet.kernel.errors import InvalidInput

STDIN = Path("-")
SHOWN = "standard input"


@contextmanager
def on_disk(log: Path) -> Iterator[Path]:
    """Give a log's file; `-` is standard input, packed or not, kept until the end.

    Raises: InvalidInput.
    """
    if log != STDIN:
        yield log
        return
    with TemporaryDirectory(prefix="ratchet-") as folder:
        yield _kept(Path(folder))


def _kept(folder: Path) -> Path:
    raw = sys.stdin.buffer
    try:
        start = raw.read(len(GZIP))
        file = folder / ("log.gz" if start == GZIP else "log")
        with file.open("wb") as out:
            out.write(start)
            shutil.copyfileobj(raw, out)
    except OSError as error:
        raise InvalidInput(
            f"{SHOWN} cannot be kept: {error.strerror or error}", field="log", mend="name a file"
        ) from error
    if not start:
        raise InvalidInput(f"{SHOWN} is empty", field="log", mend="ratchet try - < LOG")
    return file
