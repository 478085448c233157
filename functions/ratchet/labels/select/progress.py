"""Progress: until when each agent's candidates took part in a draw; each takes part in one."""

from collections.abc import Mapping, Set
from datetime import datetime

from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import Conflict
from ratchet.labels.select.review_draw import ReviewDraw
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

PROGRESS = Ref(CHECKPOINTS, "review_draws")


class Progress(Model):
    """All agents' candidates were drawn from until `otherwise`; those of `agents` until later."""

    v: int = 1
    otherwise: Instant = EPOCH
    agents: Mapping[str, Instant] = {}

    def until(self, agent: str) -> datetime:
        """Return until when an agent's candidates took part."""
        return max(self.otherwise, self.agents.get(agent, EPOCH))


def read_progress(store: Store) -> Progress:
    """Return how far draws came; 1970 where there was none."""
    found = store.get(PROGRESS)
    return Progress.parse(found.data) if found else Progress()


def keep_draw(store: Store, draw: ReviewDraw, before: Progress) -> ReviewDraw:
    """Keep a draw, and that its candidates took part; one of the same name stands instead.

    Raises: Conflict where another draw took them meanwhile.
    """

    def body(tx: Transaction) -> ReviewDraw:
        (found,) = tx.fetch([PROGRESS])
        known = tx.find(ReviewDraw, draw.key())
        if known is not None:
            return known
        now = Progress.parse(found.data) if found else Progress()
        if now.until(draw.agent) != before.until(draw.agent):
            raise Conflict(
                f"another draw for {draw.agent} was made at this moment",
                field="agent",
                mend=f"ratchet review fill --agent {draw.agent}",
            )
        tx.put(draw)
        later = now.model_copy(update={"agents": {**now.agents, draw.agent: draw.until}})
        tx.set(PROGRESS, later.to_map())
        return draw

    return store.transact(body, self_checking=True)


def close_night(store: Store, until: datetime) -> None:
    """Say that every agent's candidates took part; agents that came later keep their instant."""

    def body(tx: Transaction) -> None:
        (found,) = tx.fetch([PROGRESS])
        now = Progress.parse(found.data) if found else Progress()
        later = {agent: at for agent, at in now.agents.items() if at > until}
        new = Progress(otherwise=max(until, now.otherwise), agents=later)
        tx.set(PROGRESS, new.to_map())

    store.transact(body, self_checking=True)


def close_agents(store: Store, agents: Set[str], until: datetime) -> None:
    """Say that nothing of some agents was left to take part."""
    if not agents:
        return

    def body(tx: Transaction) -> None:
        (found,) = tx.fetch([PROGRESS])
        now = Progress.parse(found.data) if found else Progress()
        later = {agent: max(until, now.until(agent)) for agent in agents}
        tx.set(PROGRESS, now.model_copy(update={"agents": {**now.agents, **later}}).to_map())

    store.transact(body, self_checking=True)
