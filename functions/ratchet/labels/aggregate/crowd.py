"""What the rules of crowd-kit share: votes as its frames, and its chances as ours."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.aggregate.votes import Aggregate, Votes, settled


@contextmanager
def crowd_kit(what: str) -> Iterator[None]:
    """Say which extra to install where crowd-kit is missing; hush what pandas tells its authors.

    Raises: InvalidInput.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"{what} wants a package more: {error.name}",
            field="by",
            mend="pip install 'ratchet[train]'",
        ) from error


def frame(votes: Votes) -> Any:
    """Return the votes as crowd-kit reads them."""
    import pandas as pd  # type: ignore[import-untyped]  # it has no types

    return pd.DataFrame({"task": votes.item, "worker": votes.rater, "label": votes.label})


def truths(votes: Votes) -> Any:
    """Return the known items as crowd-kit reads them, or None where there are none."""
    import pandas as pd

    if votes.known is None or not votes.is_known.any():
        return None
    return pd.Series(votes.known)[votes.is_known]


def from_chances(votes: Votes, found: Any) -> Aggregate:
    """Return the aggregate of crowd-kit's chances; an item without votes has everybody's."""
    known = found.reindex(columns=range(votes.classes), fill_value=0.0)
    chances = np.full((votes.items, votes.classes), 1 / votes.classes)
    if len(known):
        chances[:] = known.mean(axis=0).to_numpy(np.float64)
        chances[known.index.to_numpy(np.int64)] = known.to_numpy(np.float64)
    return settled(votes, chances)
