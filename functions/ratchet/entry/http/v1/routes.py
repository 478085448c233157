"""The table of routes under /v1."""

from ratchet.entry.http.v1 import approvals, bundles, canaries, judges, labels, review
from ratchet.entry.http.v1.route import Route

ROUTES: tuple[Route, ...] = (
    *approvals.ROUTES,
    *bundles.ROUTES,
    *canaries.ROUTES,
    *judges.ROUTES,
    *labels.ROUTES,
    *review.ROUTES,
)
