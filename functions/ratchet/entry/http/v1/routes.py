"""The table of routes under /v1."""

from ratchet.entry.http.v1 import (
    alerts,
    approvals,
    bundles,
    canaries,
    cards,
    datasets,
    judges,
    labels,
    review,
    runs,
    studies,
    views,
)
from ratchet.entry.http.v1.route import Route

ROUTES: tuple[Route, ...] = (
    *alerts.ROUTES,
    *approvals.ROUTES,
    *bundles.ROUTES,
    *canaries.ROUTES,
    *cards.ROUTES,
    *datasets.ROUTES,
    *judges.ROUTES,
    *labels.ROUTES,
    *review.ROUTES,
    *runs.ROUTES,
    *studies.ROUTES,
    *views.ROUTES,
)
