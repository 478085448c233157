"""Reward epochs: a change of what scoring depends on opens a new one, once, whoever sees it."""

from datetime import datetime

from ratchet.govern.config import CHECKPOINTS, ConfigReader
from ratchet.kernel.errors import NotFound
from ratchet.observe.reward import RewardConfig, RewardEpoch
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

POINTER = Ref(CHECKPOINTS, "reward_epoch")


def current_epoch(store: Store, reader: ConfigReader, *, now: datetime) -> RewardEpoch:
    """Return the epoch to score under; opens a new one where the configuration changed.

    The pointer is read each time: where it moved, the cached configuration is read anew.
    """
    pointer = store.get(POINTER)
    config = reader.read(RewardConfig)
    if pointer is None or pointer.data["configHash"] != config.scoring_hash():
        reader.forget(RewardConfig)
        config = reader.read(RewardConfig)
    if pointer is None or pointer.data["configHash"] != config.scoring_hash():
        return _open(store, config, now)
    return RewardEpoch(
        epoch=pointer.data["epoch"],
        config=config,
        config_hash=pointer.data["configHash"],
        opened_at=pointer.data["openedAt"],
    )


def epoch_config(store: Store, epoch: int) -> RewardConfig:
    """Return the configuration that an epoch's rewards were written under.

    Raises: NotFound.
    """
    found = store.get(Ref(RewardEpoch.collection, str(epoch)))
    if found is None:
        raise NotFound(f"reward epoch {epoch} does not exist", field="rewardEpoch")
    return RewardEpoch.from_store(found.data).config


def _open(store: Store, config: RewardConfig, now: datetime) -> RewardEpoch:
    wanted = config.scoring_hash()

    def body(tx: Transaction) -> RewardEpoch:
        (pointer,) = tx.fetch([POINTER])
        last = pointer.data["epoch"] if pointer else 0
        if pointer and pointer.data["configHash"] == wanted:
            return tx.get(RewardEpoch, str(last))
        opened = RewardEpoch(epoch=last + 1, config=config, config_hash=wanted, opened_at=now)
        tx.put(opened)
        tx.set(POINTER, {"v": 1, "epoch": last + 1, "configHash": wanted, "openedAt": now})
        return opened

    return store.transact(body)
