"""Every configuration document that there is."""

from ratchet.datasets.settings import DatasetSettings
from ratchet.govern.access import Access
from ratchet.govern.alerts.settings import AlertSettings
from ratchet.govern.config import Config
from ratchet.govern.flags import Flags
from ratchet.labels.heuristics.settings import HeuristicSettings
from ratchet.labels.settings import JudgeSettings, LabelSettings, ReviewSettings
from ratchet.observe.reward import RewardConfig
from ratchet.observe.settings import Ingest
from ratchet.policies.bindings import Bindings
from ratchet.rollouts.gate_rules import Gates
from ratchet.runs.cards.card_settings import CardSettings
from ratchet.runs.settings import RunLossSettings
from ratchet.runs.studies.study_settings import StudySettings

CONFIGS: dict[str, type[Config]] = {
    Flags.name: Flags,
    RewardConfig.name: RewardConfig,
    Ingest.name: Ingest,
    Access.name: Access,
    Bindings.name: Bindings,
    Gates.name: Gates,
    LabelSettings.name: LabelSettings,
    JudgeSettings.name: JudgeSettings,
    ReviewSettings.name: ReviewSettings,
    HeuristicSettings.name: HeuristicSettings,
    RunLossSettings.name: RunLossSettings,
    CardSettings.name: CardSettings,
    StudySettings.name: StudySettings,
    AlertSettings.name: AlertSettings,
    DatasetSettings.name: DatasetSettings,
}
