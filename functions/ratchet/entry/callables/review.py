"""Callables of the review queue: the next item, an answer, or leave it to others."""

from ratchet.entry.callables.protocol import admins_call
from ratchet.entry.http.v1.review import Escalation, Labelled, NextItem, row
from ratchet.entry.http.v1.route import Key
from ratchet.entry.wiring import App
from ratchet.govern.roles import Actor
from ratchet.kernel.document import Model


class LabelItem(Labelled):
    """What `label_review` takes."""

    id: Key


class OneItem(Model):
    """What `skip_review` and `second_review` take."""

    id: Key


class EscalateItem(Escalation):
    """What `escalate_review` takes."""

    id: Key


@admins_call(NextItem)
def next_review(app: App, actor: Actor, asked: NextItem) -> Model:
    """Claim the most important item that waits for the caller, or the one that he holds."""
    from ratchet.labels.review.claim import claim_next

    now = app.clock()
    return row(
        claim_next(app.store, app.reader, actor, agent=asked.agent, kind=asked.kind, now=now)
    )


@admins_call(LabelItem)
def label_review(app: App, actor: Actor, asked: LabelItem) -> Model:
    """Answer an item that the caller has claimed; the same answer again changes nothing."""
    from ratchet.labels.review.answer import label_item

    answered = label_item(
        app.store,
        app.reader,
        actor,
        asked.id,
        asked.label,
        value=asked.value,
        confidence=asked.confidence,
        note=asked.note,
        second=asked.second,
        now=app.clock(),
    )
    return row(answered)


@admins_call(OneItem)
def skip_review(app: App, actor: Actor, asked: OneItem) -> Model:
    """Leave an item to others; it is not shown to the caller again."""
    from ratchet.labels.review.pass_on import skip_item

    return row(skip_item(app.store, actor, asked.id, now=app.clock()))


@admins_call(EscalateItem)
def escalate_review(app: App, actor: Actor, asked: EscalateItem) -> Model:
    """Leave an item to another admin, with what the matter with it is."""
    from ratchet.labels.review.pass_on import escalate_item

    return row(escalate_item(app.store, actor, asked.id, reason=asked.reason, now=app.clock()))


@admins_call(OneItem)
def second_review(app: App, actor: Actor, asked: OneItem) -> Model:
    """Want one more opinion on an item, also on one that is done."""
    from ratchet.labels.review.pass_on import second_opinion

    return row(second_opinion(app.store, actor, asked.id, now=app.clock()))
