"""Studies by HTTP: what was tried, starting one, and giving one up."""

from ratchet.entry.http.v1.paging import Page, Paged, page_of_list
from ratchet.entry.http.v1.route import Ask, Route, Why
from ratchet.kernel.clock import micros
from ratchet.kernel.document import Model
from ratchet.kernel.errors import RatchetError
from ratchet.observe.observation import Name
from ratchet.policies.version import PolicyId
from ratchet.runs.studies import list_studies as verbs
from ratchet.runs.studies.study import Configuration, Hypothesis, Study, StudyState, StudyType


class WantedStudies(Paged):
    """Which studies; of the newest 500, all, unless something is named."""

    component: Name | None = None
    policy: PolicyId | None = None
    type: StudyType | None = None
    state: StudyState | None = None


class NewStudy(Model):
    """What is to be tried, for which component and policy, and why."""

    type: StudyType
    component: Name
    policy: PolicyId
    hypothesis: Hypothesis
    configuration: Configuration = {}
    reason: Why


class GivingUp(Model):
    """Why a study is given up."""

    reason: Why


def list_studies(ask: Ask, query: WantedStudies) -> Page[Study]:
    """List studies, the latest first."""
    broken: list[RatchetError] = []
    found = verbs.list_studies(
        ask.app.store,
        component=query.component,
        policy=query.policy,
        type=query.type,
        state=query.state,
        limit=verbs.MOST,
        tell=broken.append,
    )
    return page_of_list(
        ask, query, Page[Study], found, lambda x: (-micros(x.created_at), x.id), broken
    )


def get_study(ask: Ask, id: str) -> Study:
    """Return one study."""
    return verbs.get_study(ask.app.store, id)


def start(ask: Ask, body: NewStudy) -> Study:
    """Plan a study, as a person; the next hour runs it, or hands it out."""
    from ratchet.runs.studies.start_study import plan_study

    app = ask.app
    return plan_study(app.store, app.keys, ask.actor, now=ask.now, **dict(body))


def abandon(ask: Ask, id: str, body: GivingUp) -> Study:
    """Give a study up; what it has produced so far is left as it is."""
    from ratchet.runs.studies.end_study import abandon_study

    app = ask.app
    return abandon_study(app.store, app.keys, ask.actor, id, reason=body.reason, now=ask.now)


ROUTES = (
    Route("GET", "/v1/studies", list_studies, Page[Study], query=WantedStudies),
    Route("POST", "/v1/studies", start, Study, body=NewStudy),
    Route("GET", "/v1/studies/{id}", get_study, Study),
    Route("POST", "/v1/studies/{id}/abandon", abandon, Study, body=GivingUp),
)
