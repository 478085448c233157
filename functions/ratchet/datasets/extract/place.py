"""Place an example: where its words are, in which shard it is, how long it stays, whether kept."""

from datetime import datetime, timedelta

from ratchet.datasets.example import Example
from ratchet.datasets.extract.extractor import Extracted
from ratchet.datasets.filter.collector import judge, mark_of
from ratchet.datasets.settings import DatasetSettings
from ratchet.kernel.ids import shard_of
from ratchet.store.blobs import address_of


def placed(
    extracted: Extracted,
    *,
    now: datetime,
    shards: int,
    retention: timedelta,
    settings: DatasetSettings,
) -> tuple[Example, bytes]:
    """Return an example as it is stored, by the collector's rule, and the bytes of its words.

    Redaction is not done yet: `redaction` is absent. The words' blob is put before the example is.
    """
    words = extracted.content.to_bytes()
    example = extracted.example.model_copy(
        update={
            "content": address_of(words),
            "content_bytes": len(words),
            "shard": shard_of(extracted.example.id, shards),
            "collected_at": now,
            "changed_at": now,
            "expire_at": now + retention,
        }
    )
    reason = judge(example, extracted.content, settings)
    judged = {"reason": reason, "mark": mark_of(example.task_id)}
    return example.model_copy(update=judged), words
