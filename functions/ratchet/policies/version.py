"""PolicyVersion: one immutable, signed version of a policy, the only thing that rolls out."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, field_validator

from ratchet.kernel.canonical import canonical, sign, signed_by
from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.errors import BadSignature, InvalidInput
from ratchet.kernel.keys import Keys
from ratchet.policies.heuristic import Heuristic
from ratchet.policies.space import Range, Simplex, TuningSpace, is_number, parse_space
from ratchet.store.limits import check_document

COLLECTION = "ops_policies"
Stage = Literal["shadow", "canary"]
Status = Stage | Literal["draft", "active", "archived", "rejected"]
ChangeClass = Literal["allocation", "behaviour"]
PolicyId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]

# Which status may follow which. A tuner drafts; a gate moves a version on or rejects it; an admin
# may activate any but a rejected one, which is an override where it has not passed its gates. A
# rollout that ends without a verdict gives a version back the status that it had.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    "draft": frozenset({"shadow", "canary", "active", "rejected"}),
    "shadow": frozenset({"canary", "active", "draft", "archived", "rejected"}),
    "canary": frozenset({"shadow", "active", "draft", "archived", "rejected"}),
    "active": frozenset({"archived"}),
    "archived": frozenset({"shadow", "canary", "active"}),
    "rejected": frozenset(),
}
UNSIGNED = ("status", "updatedAt", "signature")
_NUMBER = r"(0|[1-9]\d{0,8})"
SEMVER = rf"^{_NUMBER}\.{_NUMBER}\.{_NUMBER}$"
Number = Annotated[str, StringConstraints(pattern=SEMVER)]
RESERVED_IDS = frozenset({"config"})


class SemVer(NamedTuple):
    """major.minor.patch; compares as numbers."""

    major: int
    minor: int
    patch: int

    @classmethod
    def of(cls, text: str) -> "SemVer":
        """Return the version of its text.

        Raises: InvalidInput.
        """
        found = re.fullmatch(SEMVER, text)
        if not found:
            raise InvalidInput(
                f"{text!r} is no version", field="version", mend="three numbers, like 1.0.0"
            )
        return cls(*map(int, found.groups()))

    def bump(self) -> "SemVer":
        """Return the next patch.

        >>> str(SemVer.of("2.5.9").bump())
        '2.5.10'
        """
        return SemVer(self.major, self.minor, self.patch + 1)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


class Params(Model):
    """The params that Ratchet knows; a policy may hold free ones beside them."""

    model_config = ConfigDict(extra="allow")

    model_weights: dict[str, Annotated[float, Field(ge=0, le=1)]] | None = None
    prompts: dict[str, str] | None = None
    hparams: dict[str, JsonValue] | None = None
    router_rules: list[dict[str, JsonValue]] | None = None
    tools_allowlist: list[str] | None = None
    latency_target_ms: Annotated[float, Field(gt=0)] | None = None
    max_cost_usd: Annotated[float, Field(gt=0)] | None = None
    fallback_on: list[str] | None = None
    cooldown_ms: Annotated[int, Field(ge=0)] | None = None
    heuristic: Heuristic | None = None

    @field_validator("model_weights")
    @classmethod
    def _sum_to_one(cls, weights: dict[str, float] | None) -> dict[str, float] | None:
        if weights is not None and not math.isclose(sum(weights.values()), 1, abs_tol=1e-6):
            raise ValueError(f"weights sum to {sum(weights.values()):.6g}, they must sum to 1")
        return weights


class ArtifactRef(Model):
    """A content-addressed file that hangs on a version."""

    name: str
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    kind: str = ""


class Proposal(Model):
    """Why a tuner proposes a version, and from what; `expectedGain` in reward per observation."""

    tuner: str
    reasons: tuple[str, ...]
    expected_gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    window_hours: int = 0
    buckets: tuple[str, ...] = ()


class PolicyVersion(Document):
    """One immutable version of a policy: the only thing that can be rolled out."""

    collection: ClassVar[str] = COLLECTION

    id: PolicyId
    version: str
    params: dict[str, JsonValue]
    tuning_space: dict[str, JsonValue] = {}
    artifacts: tuple[ArtifactRef, ...] = ()
    parent: str | None = None
    lineage: str | None = None
    change_class: ChangeClass = "behaviour"
    created_at: Instant
    created_by: str
    notes: str = ""
    proposal: Proposal | None = None
    signature: str = ""
    status: Status = "draft"
    updated_at: Instant

    def key(self) -> str:
        """Return `id@version`."""
        return version_key(self.id, self.version)

    @property
    def semver(self) -> SemVer:
        """The version as numbers."""
        return SemVer.of(self.version)

    @property
    def root(self) -> str:
        """The version whose behaviour this one has: itself, unless only its allocation differs."""
        return self.lineage or self.key()

    def space(self) -> TuningSpace:
        """Return the envelope."""
        return parse_space(self.tuning_space)


def version_key(policy_id: str, version: str) -> str:
    """Return the id of a version's document."""
    return f"{policy_id}@{version}"


def key_parts(key: str) -> tuple[str, str]:
    """Return (policy, number) of the id of a version's document.

    >>> key_parts("router-core@1.0.1")
    ('router-core', '1.0.1')
    """
    policy_id, _, number = key.partition("@")
    return policy_id, number


def signed_part(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a stored version that its signature covers."""
    return {k: v for k, v in stored.items() if k not in UNSIGNED}


def signed(keys: Keys, version: PolicyVersion) -> PolicyVersion:
    """Return a version with its signature."""
    return version.model_copy(
        update={"signature": sign(keys.signing, signed_part(version.to_map()))}
    )


def is_signed(keys: Keys, key: str, stored: Mapping[str, Any]) -> bool:
    """Say whether the document under a key holds the version of that name, as it was signed."""
    signature = str(stored.get("signature", ""))
    named = version_key(str(stored.get("id")), str(stored.get("version")))
    try:
        whole = signature.isascii() and signed_by(keys.signing, signed_part(stored), signature)
    except InvalidInput:
        return False
    return whole and named == key


def load_version(keys: Keys, key: str, stored: Mapping[str, Any]) -> PolicyVersion:
    """Return the version stored under a key, if its signature holds.

    Raises: BadSignature.
    """
    if not is_signed(keys, key, stored):
        raise BadSignature(
            f"{key} is not what was signed",
            field="signature",
            mend=f"ratchet audit verify {key.partition('@')[0]} names what to go back to;"
            " where nothing is, restore a backup into an empty store",
        )
    return parse_version(stored)


def parse_version(stored: Mapping[str, Any]) -> PolicyVersion:
    """Return a stored version; what no signature covers may be broken by hand, and stops nothing.

    The head is the truth about the status.
    """
    data = dict(stored)
    if data.get("status") not in list(TRANSITIONS):
        data.pop("status", None)
    if not isinstance(data.get("updatedAt"), datetime):
        data["updatedAt"] = data.get("createdAt")
    return PolicyVersion.from_store(data)


def check_params(params: Mapping[str, Any], space: Mapping[str, Any], artifacts: Any = ()) -> None:
    """Check the content of a version before it is signed.

    Raises: InvalidInput that names the field.
    """
    Params.parse(dict(params))
    canonical({"params": params, "tuningSpace": space})
    check_document(COLLECTION, "version", {"params": params, "tuningSpace": space})
    for name, span in parse_space(space).items():
        if name not in params:
            raise InvalidInput(
                f"tuningSpace names {name}, which is no param",
                field=f"tuningSpace.{name}",
                mend="add the param, or take it out of the space",
            )
        if isinstance(span, Simplex):
            _check_simplex(name, span, params[name])


def _check_simplex(name: str, span: Simplex, weights: Any) -> None:
    if not isinstance(weights, Mapping) or not weights:
        raise InvalidInput(f"{name} is no map of weights", field=f"params.{name}")
    for arm, weight in weights.items():
        if not is_number(weight) or not 0 <= weight <= 1:
            raise InvalidInput(f"{weight!r} is no weight", field=f"params.{name}.{arm}")
    if not math.isclose(sum(weights.values()), 1, abs_tol=1e-6):
        raise InvalidInput(
            f"{name}: weights sum to {sum(weights.values()):.6g}, they must sum to 1",
            field=f"params.{name}",
        )
    if span.floor * len(weights) > 1 or span.cap * len(weights) < 1:
        raise InvalidInput(
            f"{len(weights)} arms cannot sum to 1 between floor {span.floor} and cap {span.cap}",
            field=f"tuningSpace.{name}",
            mend="lower the floor or raise the cap",
        )
    if span.base is not None and set(span.base) != set(weights):
        raise InvalidInput(
            f"{name}: base names other arms than params", field=f"tuningSpace.{name}.base"
        )


def change_class(parent: PolicyVersion | None, new: PolicyVersion) -> ChangeClass:
    """Return `allocation` where only weights and targets moved inside the parent's envelope."""
    if parent is None or not _equal(parent.tuning_space, new.tuning_space):
        return "behaviour"
    if parent.artifacts != new.artifacts or set(parent.params) != set(new.params):
        return "behaviour"
    space = parent.space()
    for name, value in new.params.items():
        before = parent.params[name]
        if _equal(value, before):
            continue
        span = space.get(name)
        if not isinstance(span, Simplex | Range) or not span.holds(value, before):
            return "behaviour"
    return "allocation"


def same_content(a: PolicyVersion, b: PolicyVersion) -> bool:
    """Say whether two versions do the same: their notes and numbers aside."""
    return (
        _equal(a.params, b.params)
        and _equal(a.tuning_space, b.tuning_space)
        and a.artifacts == b.artifacts
    )


def _equal(a: Any, b: Any) -> bool:
    """Say whether two values are the same JSON; to Python 1 equals True."""
    return canonical(a) == canonical(b)
