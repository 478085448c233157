"""Callables of studies: a person starts one or gives it up, a service takes its job and ends it."""

from ratchet.entry.callables.protocol import admins_call, services_call
from ratchet.entry.http.v1.route import Key
from ratchet.entry.http.v1.studies import GivingUp, NewStudy
from ratchet.entry.wiring import App
from ratchet.govern.roles import Actor, Reason
from ratchet.kernel.document import Model
from ratchet.runs.studies.finish_study import Finished
from ratchet.runs.studies.study import StudyType


class AbandonStudy(GivingUp):
    """What `abandon_study` takes."""

    study: Key


class TakeStudyJob(Model):
    """What `take_study_job` takes: a study's id, else a type, else the oldest job is given."""

    study: Key | None = None
    type: StudyType | None = None


class FinishStudy(Finished):
    """What `finish_study` takes."""

    study: Key
    reason: Reason = ""


@admins_call(NewStudy)
def start_study(app: App, actor: Actor, asked: NewStudy) -> Model:
    """Plan a study; work for others is handed out at once."""
    from ratchet.runs.studies.start_study import plan_study

    return plan_study(app.store, app.keys, actor, now=app.clock(), **dict(asked))


@admins_call(AbandonStudy)
def abandon_study(app: App, actor: Actor, asked: AbandonStudy) -> Model:
    """Give a study up."""
    from ratchet.runs.studies import end_study

    return end_study.abandon_study(
        app.store, app.keys, actor, asked.study, reason=asked.reason, now=app.clock()
    )


@services_call(TakeStudyJob)
def take_study_job(app: App, actor: Actor, asked: TakeStudyJob) -> Model:
    """Take a job for as long as a lease; asked again by its study, the caller has it longer."""
    from ratchet.runs.studies.study_jobs import take_job

    return take_job(
        app.store,
        app.keys,
        app.reader,
        actor,
        study_id=asked.study,
        type=asked.type,
        now=app.clock(),
    )


@services_call(FinishStudy)
def finish_study(app: App, actor: Actor, asked: FinishStudy) -> Model:
    """Say what came of a job; the same result again is a success."""
    from ratchet.runs.studies.finish_study import finish_job

    finished = Finished(**{name: getattr(asked, name) for name in Finished.model_fields})
    return finish_job(
        app.store, app.keys, actor, asked.study, finished, reason=asked.reason, now=app.clock()
    )
