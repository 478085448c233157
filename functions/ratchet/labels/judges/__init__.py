"""The registry of judges: one file, one line here, its name in `settings.JudgeKind`, one test."""

from collections.abc import Mapping

from ratchet.labels.judges import llm, recorded, rules
from ratchet.labels.judges.judge import Kind

JUDGES: Mapping[str, Kind] = {
    "recorded": Kind(recorded.RecordedSettings, recorded.opened),
    "rules": Kind(rules.RulesSettings, rules.opened),
    "llm": Kind(llm.LlmSettings, llm.opened),
}
