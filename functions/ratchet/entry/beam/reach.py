"""Reach: where workers find the store and the blobs, which the machine that asks has to share."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ratchet.kernel.errors import InvalidInput
from ratchet.store.opening import DEFAULT, blobs_beside

# Whose workers are on this machine, and see its files.
LOCAL = ("DirectRunner", "FnApiRunner")
SHARED_STORE, SHARED_BLOBS = "firestore://", "gs://"


class Reach(NamedTuple):
    """The URLs of a store and of its blobs; None where there are none."""

    store: str
    blobs: str | None


def reach_of(url: str | None, runner: str) -> Reach:
    """Return where the workers of a runner find the store that a command is about.

    Raises: InvalidInput where they could not see it.
    """
    store = url or os.environ.get("RATCHET_STORE") or DEFAULT
    blobs = os.environ.get("RATCHET_BLOBS") or blobs_beside(store)
    if "memory:" in (store, blobs):
        raise InvalidInput(
            "workers cannot see what is in another process's memory",
            field="store" if store == "memory:" else "RATCHET_BLOBS",
            mend="name a file with --store sqlite:///file.db, or build without --beam",
        )
    if runner in LOCAL:
        return Reach(_whole(store, "sqlite:///"), _whole(blobs, "folder://") if blobs else None)
    for what, named, shared in (
        ("store", store, SHARED_STORE),
        ("RATCHET_BLOBS", blobs or "none", SHARED_BLOBS),
    ):
        if not named.startswith(shared):
            raise InvalidInput(
                f"the workers of {runner} are on other machines, and cannot see {named}",
                field=what,
                mend=f"a {what} at {shared}..., or --runner DirectRunner",
            )
    return Reach(store, blobs)


def _whole(url: str, scheme: str) -> str:
    """Return a URL whose path does not hang on the folder that a process is in."""
    path = url.removeprefix(scheme)
    return url if path == url else f"{scheme}{Path(path).absolute()}"


def runner_options(given: Sequence[str], runner: str) -> list[str]:
    """Return Beam's own options of `name=value`, or of `name` for a switch.

    Raises: InvalidInput for one that has no name, or that names the runner.
    """
    for option in given:
        name = option.partition("=")[0]
        if not name.isidentifier() or name == "runner":
            raise InvalidInput(
                f"{option!r} is no option of a pipeline",
                field="--beam-option",
                mend="write it name=value, as in direct_num_workers=4; the runner is --runner",
            )
    return [f"--runner={runner}", *(f"--{option}" for option in given)]
