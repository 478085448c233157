"""Read one of the views of runs."""

from collections.abc import Sequence
from datetime import datetime

from ratchet.kernel.document import Model
from ratchet.kernel.each import Tell
from ratchet.kernel.keys import Keys
from ratchet.kernel.registry import pick
from ratchet.runs.views import VIEWS
from ratchet.runs.views.look import Look
from ratchet.store.port import Store


def read_view(
    store: Store,
    keys: Keys,
    name: str,
    *,
    component: str | None = None,
    days: int = 30,
    now: datetime,
    tell: Tell | None = None,
) -> Sequence[Model]:
    """Return the rows of a view, of one component or of every one, over the last days.

    What is stored broken is told and left out. Raises: InvalidInput for an unknown view, or for
    days that are not kept; of a broken document where nobody is told.
    """
    view = pick(VIEWS, name, field="view")
    return view(Look(store, keys, component, days, now, tell))
