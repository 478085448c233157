"""Attacks by how it is sent."""

from typing import Any

from tests.support.attacks.attack import (
    FORBIDDEN,
    INVALID,
    JSON,
    LARGE,
    MEDIA,
    METHOD,
    MISSING,
    SLOW,
    Attack,
    an_admin,
    as_json,
    good,
)

BODY = as_json(good())
CHUNKED = (*JSON, ("Transfer-Encoding", "chunked"))
FORGED = "eyJhZnRlciI6WyJhIl0sInNlYWwiOiJhIn0"  # {"after":["a"],"seal":"a"}
POLICIES = {
    "with a slash": ("a%2Fb", 400),
    "of two dots": ("..", 400),
    "that is reserved": ("__x__", 400),
    "of 1,500 bytes": ("x" * 1501, 400),
    "that is empty": ("", 400),
    "with NUL": ("%00", 404),
    "that breaks the answer's lines": ("x%0d%0aSet-Cookie:%20a=b", 404),
    "that is no UTF-8": ("%ff%fe", 404),
    "of another version": ("router-core@1.0.0", 404),
}


def chunks(*parts: bytes) -> bytes:
    """Return a chunked body."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


def asking(name: str, status: int, code: str, path: str, **request: Any) -> Attack:
    """Return an attack by the address of a question."""
    return Attack(name, status, code, path=path, method="GET", **request)


BY_PROTOCOL = [
    Attack("a chunked body of 5 MB", 413, LARGE, body=chunks(b" " * 5_242_880), headers=CHUNKED),
    Attack("a broken chunk", 400, INVALID, body=b"zz\r\n{}\r\n0\r\n\r\n", headers=CHUNKED),
    Attack("a coding that is none", 415, MEDIA, headers=(*JSON, ("Transfer-Encoding", "x"))),
    Attack("a length too long", 408, SLOW, length=len(BODY) + 10),
    Attack("a slow body", 408, SLOW, body=BODY[:5], length=len(BODY)),
    Attack("a length too short", 400, INVALID, length=len(BODY) - 5),
    Attack("a length below zero", 400, INVALID, length=-5),
    Attack("a length that is no number", 400, INVALID, headers=(*JSON, ("Content-Length", "+5"))),
    Attack(
        "two lengths",
        400,
        INVALID,
        headers=(*JSON, ("Content-Length", "5"), ("Content-Length", "6")),
    ),
    Attack("a length of a terabyte", 413, LARGE, length=2**40),
    Attack("headers of 100 kB", 413, LARGE, headers=(*JSON, ("X-Long", "x" * 100_000))),
    Attack("a header with a NUL", 400, INVALID, headers=(*JSON, ("X-Nul", "a\0b"))),
    asking("a question where one records", 405, METHOD, "/record"),
    Attack("another method", 405, METHOD, method="DELETE"),
    Attack("a method of its own", 405, METHOD, method="ADMIN"),
    Attack("only the headers", 405, METHOD, path="/resolve?policy=router-core", method="HEAD"),
    Attack("a change by a question", 405, METHOD, path="/rollback", method="GET"),
    Attack("a trace", 405, METHOD, method="TRACE"),
    asking("an unknown function", 404, MISSING, "/admin"),
    asking("a file", 404, MISSING, "/../../etc/passwd"),
    asking("a path below a function", 404, MISSING, "/record/../rollback"),
    asking("a module's name", 404, MISSING, "/__init__"),
    asking("a scheduled function by a question", 405, METHOD, "/score_observations"),
    asking("no policy", 400, INVALID, "/resolve"),
    asking("a policy and a component", 400, INVALID, "/resolve?policy=a&component=b"),
    *(
        asking(
            f"a policy {n}", status, INVALID if status == 400 else MISSING, f"/resolve?policy={q}"
        )
        for n, (q, status) in POLICIES.items()
    ),
    asking("a component of 5,000 bytes", 404, MISSING, "/resolve?component=" + "x" * 5000),
    *(
        Attack(f"an address with an id {name}", 400, INVALID, path=f"/record?id={text}")
        for name, text in (
            ("with a slash", "a%2Fb"),
            ("of two dots", ".."),
            ("that is reserved", "__x__"),
            ("with a line break", "a%0d%0aX-Injected:%20yes"),
            ("that is empty", ""),
        )
    ),
    asking("a path out of the API", 404, MISSING, "/api/v1/../../record", token=an_admin),
    asking("an API that there is not", 404, MISSING, "/api/v2/labels", token=an_admin),
    asking("what only admins see", 403, FORBIDDEN, "/api/v1/labels"),
    asking("a change of the API by a question", 405, METHOD, "/api/v1/labels/load"),
    asking("a page of a million", 400, INVALID, "/api/v1/labels?limit=1000000", token=an_admin),
    asking(
        "a cursor that is forged", 400, INVALID, f"/api/v1/labels?cursor={FORGED}", token=an_admin
    ),
    asking("an agent with NUL", 400, INVALID, "/api/v1/bundles?agent=%00", token=an_admin),
    asking(
        "an agent of 5,000 bytes",
        400,
        INVALID,
        f"/api/v1/bundles?agent={'x' * 5000}",
        token=an_admin,
    ),
    Attack("a yes of a service", 403, FORBIDDEN, path="/api/v1/approvals/a/approve"),
    *(
        Attack(
            f"an id {name} in a path",
            status,
            INVALID if status == 400 else MISSING,
            path=f"/api/v1/labels/{text}/withdraw",
            body=as_json({"reason": "x"}),
            token=an_admin,
        )
        for name, status, text in (
            ("with a slash", 404, "a%2Fb"),
            ("of two dots", 400, ".."),
            ("that is reserved", 400, "__x__"),
            ("with a line break", 404, "a%0d%0aX-Injected:%20yes"),
            ("of another collection", 400, "..%2Fops_policies%2Fx"),
        )
    ),
    Attack(
        "a key that is two headers",
        400,
        INVALID,
        path="/api/v1/labels/a~b/withdraw",
        body=as_json({"reason": "x"}),
        headers=(*JSON, ("Idempotency-Key", "a"), ("Idempotency-Key", "b")),
        token=an_admin,
    ),
    Attack("a body where nobody is known", 401, "RATCHET-6001", token=None, body=b"[" * 100_000),
]
