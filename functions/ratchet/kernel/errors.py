"""Every error Ratchet raises.

RatchetError                     code          HTTP  exit
├── InvalidInput                 RATCHET-1001  400   2     the caller's data is wrong
│   ├── InvalidBatch             RATCHET-1002              every item of a batch was refused
│   ├── TooLarge                 RATCHET-1003  413         a document or a request over its limit
│   ├── InvalidConfig            RATCHET-1004              a config document that does not parse
│   ├── UnknownSchema            RATCHET-1005              a document newer than this program
│   ├── WrongMedia               RATCHET-1006  415         a content type or encoding not taken
│   ├── WrongMethod              RATCHET-1007  405         a method that the address does not take
│   └── Malformed                RATCHET-7101              a trace that cannot become an example
│       ├── Poisoned             RATCHET-7102              text that is none, or nested too deep
│       └── Unreachable          RATCHET-7103              a reference that leads to nothing
├── NotFound                     RATCHET-2001  404   3     the thing named does not exist
├── Refused                      RATCHET-3001  403   4     a rule says no
│   ├── LearningOff              RATCHET-3002              the kill switch is off
│   ├── IllegalTransition        RATCHET-3003              a status change the table lacks
│   ├── BadSignature             RATCHET-3004              content changed after it was signed
│   ├── ChainBroken              RATCHET-3005              the audit chain does not verify
│   ├── Forbidden                RATCHET-3006              the caller's role does not allow it
│   ├── SourceStopped            RATCHET-7104              too many malformed traces in a batch
│   ├── Contaminated             RATCHET-7301              data that may not be trained on
│   ├── NotWhole                 RATCHET-7401              bytes that are not what their hash says
│   └── GoldenSpent              RATCHET-7402              a golden set was looked at too often
├── Conflict                     RATCHET-4001  409   5     somebody else was first
│   └── AlreadyExists            RATCHET-4002              a create-once document is there
├── Unavailable                  RATCHET-5001  503   6     a service did not answer; try again
│   ├── Throttled                RATCHET-5002  429         the caller asks too often
│   ├── TooSlow                  RATCHET-5003  408         the request did not arrive in time
│   └── Misconfigured            RATCHET-5004              its key, index or access is wrong
└── Unauthenticated              RATCHET-6001  401   4     who calls is not known
"""

from collections.abc import Sequence
from typing import Any, ClassVar


class RatchetError(Exception):
    """The root; each error carries what a person needs to mend the matter."""

    code: ClassVar[str] = "RATCHET-0000"
    status: ClassVar[str] = "INTERNAL"
    http: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, field: str = "", mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message} ({self.mend})" if self.mend else self.message

    def as_dict(self) -> dict[str, Any]:
        """Return the one shape in which every surface shows an error."""
        shown = {"code": self.code, "message": self.message, "field": self.field, "mend": self.mend}
        return {key: value for key, value in shown.items() if value}


class InvalidInput(RatchetError):
    """The caller's data is wrong; `field` names where."""

    code, status, http, exit_code = "RATCHET-1001", "INVALID_ARGUMENT", 400, 2


class InvalidBatch(InvalidInput):
    """Every item of a batch was refused; `rejected` says why, item by item."""

    code = "RATCHET-1002"

    def __init__(
        self, message: str, *, rejected: Sequence[Any], field: str = "items", mend: str = ""
    ) -> None:
        super().__init__(message, field=field, mend=mend or "mend each as `rejected` says")
        self.rejected = tuple(rejected)

    def as_dict(self) -> dict[str, Any]:
        """Return the error with the refused items."""
        items = [r.to_wire() if hasattr(r, "to_wire") else r for r in self.rejected]
        return super().as_dict() | {"rejected": items}


class WrongMedia(InvalidInput):
    """A request whose content type or encoding is not taken."""

    code, http = "RATCHET-1006", 415


class WrongMethod(InvalidInput):
    """A request with a method that its address does not take; `allowed` are those it takes."""

    code, http = "RATCHET-1007", 405

    def __init__(
        self, message: str, *, field: str = "method", mend: str = "", allowed: Sequence[str] = ()
    ) -> None:
        told = f"send it with {' or '.join(allowed)}" if allowed else ""
        super().__init__(message, field=field, mend=mend or told)
        self.allowed = tuple(allowed)


class TooLarge(InvalidInput):
    """A document over 1 MiB, a commit over 10 MiB, or a request over its limit."""

    code, http = "RATCHET-1003", 413


class Malformed(InvalidInput):
    """A trace that cannot become an example; it is a dead letter, and can be replayed."""

    code = "RATCHET-7101"


class Poisoned(Malformed):
    """Text that is none: binary data, half a character, nested without end."""

    code = "RATCHET-7102"


class Unreachable(Malformed):
    """A reference that leads to nothing that can be read."""

    code = "RATCHET-7103"


class InvalidConfig(InvalidInput):
    """A config document that does not parse strictly."""

    code = "RATCHET-1004"


class UnknownSchema(InvalidInput):
    """A stored document whose schema version is newer than this program."""

    code = "RATCHET-1005"


class NotFound(RatchetError):
    """The thing named does not exist."""

    code, status, http, exit_code = "RATCHET-2001", "NOT_FOUND", 404, 3


class Refused(RatchetError):
    """A rule says no."""

    code, status, http, exit_code = "RATCHET-3001", "FAILED_PRECONDITION", 403, 4


class LearningOff(Refused):
    """The kill switch is off, and the machine asked."""

    code = "RATCHET-3002"


class IllegalTransition(Refused):
    """A status change that the transition table does not have."""

    code = "RATCHET-3003"


class BadSignature(Refused):
    """A version whose content is not what was signed."""

    code = "RATCHET-3004"


class ChainBroken(Refused):
    """The audit chain does not verify."""

    code = "RATCHET-3005"


class Forbidden(Refused):
    """The caller is known, and its role does not allow what it asks."""

    code, status = "RATCHET-3006", "PERMISSION_DENIED"


class SourceStopped(Refused):
    """Too many traces of a batch were malformed: the source waits for a person."""

    code = "RATCHET-7104"


class Contaminated(Refused):
    """Data that may not be trained on: of its own lineage, or of a golden or test set."""

    code = "RATCHET-7301"


class NotWhole(Refused):
    """Bytes, or a version made of them, that are not what their hash says."""

    code = "RATCHET-7401"


class GoldenSpent(Refused):
    """A golden set past its budget of exposures: it cannot justify a promotion."""

    code = "RATCHET-7402"


class Conflict(RatchetError):
    """Somebody else changed the document first."""

    code, status, http, exit_code = "RATCHET-4001", "ABORTED", 409, 5


class AlreadyExists(Conflict):
    """A document that is created once is there already."""

    code, status = "RATCHET-4002", "ALREADY_EXISTS"


class Unavailable(RatchetError):
    """A service did not answer; whether it acted is unknown, so ask again with the same id."""

    code, status, http, exit_code = "RATCHET-5001", "UNAVAILABLE", 503, 6


class Throttled(Unavailable):
    """The caller asks too often; `retry_after` says in how many seconds to ask again."""

    code, status, http = "RATCHET-5002", "RESOURCE_EXHAUSTED", 429

    def __init__(
        self, message: str, *, field: str = "", mend: str = "", retry_after: float = 0.0
    ) -> None:
        super().__init__(message, field=field, mend=mend)
        self.retry_after = retry_after


class TooSlow(Unavailable):
    """The request did not arrive whole in time."""

    code, status, http = "RATCHET-5003", "DEADLINE_EXCEEDED", 408


class Misconfigured(Unavailable):
    """The installation is wrong, whoever asks: its key, its indexes, its access to the store."""

    code = "RATCHET-5004"


class Unauthenticated(RatchetError):
    """Who calls is not known: no token, or none that verifies."""

    code, status, http, exit_code = "RATCHET-6001", "UNAUTHENTICATED", 401, 4
