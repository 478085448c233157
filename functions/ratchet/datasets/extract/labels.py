"""Labels: one with features is an example of its own: these features, this class.

The input is the canonical JSON of the features, the output the class. It is as good as the
labeller was sure: what the label is worth (`value`) is said of its subject, not of the label.
Labels of one subject are repeats of one task.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, JsonValue

from ratchet.datasets.example import PERSON, Content, Lineage
from ratchet.datasets.extract.extractor import Extracted, Told, extracted, parsed
from ratchet.datasets.extract.graded import grade_of, voucher_of
from ratchet.datasets.quality import quality_from
from ratchet.kernel.canonical import canonical
from ratchet.kernel.document import Model
from ratchet.kernel.errors import Malformed
from ratchet.labels.label import Label

SOURCE = "labels"


class LabelTold(Model):
    """A label as it is stored, and the features that it was given on."""

    label: Label
    features: Annotated[dict[str, JsonValue], Field(min_length=1)]


def extract(payload: Any, *, source_id: str, at: datetime) -> Extracted:
    """Return the example of one label on features.

    Raises: Malformed, Poisoned.
    """
    one = parsed(LabelTold, payload)
    label, voucher = one.label, voucher_of(one.label)
    if not label.stands:
        raise Malformed("the label was withdrawn", field="label.withdrawnAt", mend="label it anew")
    told = Told(
        task_id=f"{label.agent}:{label.subject}",
        ts=label.ts,
        component=label.agent,
        quality=quality_from(label.confidence, "0-100"),
        confidence=label.confidence / 100,
        task_type="single_step",
        lineage=Lineage(writer="person" if voucher == PERSON else "machine", vouched=(voucher,)),
        labels=(grade_of(label),),
    )
    content = Content(input=canonical(one.features).decode(), output=label.label)
    return extracted(SOURCE, source_id, content, told)
