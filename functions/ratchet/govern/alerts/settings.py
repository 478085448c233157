"""`config/alerts`: who is told of what, and when a quiet alert is over."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, model_validator

from ratchet.govern.alerts.alert import Severity
from ratchet.govern.alerts.rules import EVENT_RULES, OF_CONDITIONS, RuleName, RuleSetting
from ratchet.govern.config import Config
from ratchet.govern.sinks import SINKS
from ratchet.kernel.document import Model
from ratchet.kernel.fault import check_settings

SinkKind = Literal["log", "webhook", "cloudevents"]
SinkName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
What = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class SinkSpec(Model):
    """One sink: its kind in the registry, what that kind takes, and what it is told.

    Told is what is at least `minSeverity`, of `rules` alone where there are any. An alert that
    comes back within `quietMinutes` of the last time that it was told is told when they are over,
    if it stands then.
    """

    kind: SinkKind
    min_severity: Severity = "info"
    rules: Annotated[list[What], Field(max_length=100)] = []
    quiet_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    settings: dict[str, JsonValue] = {}

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_settings(SINKS[self.kind].settings, self.settings)
        return self

    @property
    def quiet(self) -> timedelta:
        """How long what comes back is not told again."""
        return timedelta(minutes=self.quiet_minutes)


class AlertSettings(Config):
    """`config/alerts`: the sinks by name, what is set of the rules, and what the machine resolves.

    What was not seen for `resolveAfterHours` is over; the slowest verb looks once a day.
    """

    name: ClassVar[str] = "alerts"

    sinks: Annotated[dict[SinkName, SinkSpec], Field(max_length=20)] = {"log": SinkSpec(kind="log")}
    rules: dict[RuleName, RuleSetting] = {}
    resolve_after_hours: Annotated[float, Field(ge=25, le=8760)] = 72

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in EVENT_RULES:
            setting = self.rules.get(name, RuleSetting())
            for field in OF_CONDITIONS:
                if getattr(setting, field) is not None:
                    alias = RuleSetting.model_fields[field].alias
                    told = "a rule on events has a severity and a switch alone"
                    raise ValueError(f"rules.{name}.{alias}: {told}")
        return self

    @property
    def resolve_after(self) -> timedelta:
        """How long an alert stands that is not seen again."""
        return timedelta(hours=self.resolve_after_hours)
