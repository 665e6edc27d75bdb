"""The definitions that marketing and sales signed: `policy.toml`, validated, and versioned by its definitions."""

from leadreport.policy.criteria import (
    ActivityCriterion,
    AnswerCriterion,
    AttributeCriterion,
    Behaviour,
    Criterion,
    FrameworkCriterion,
    Group,
    ScoreCriterion,
    StageCriterion,
)
from leadreport.policy.frameworks import CRITERIA, FRAMEWORKS, Framework, same_meaning
from leadreport.policy.load import PRESETS, load_policy, parse_policy, preset_text
from leadreport.policy.model import Policy

__all__ = [
    "CRITERIA", "FRAMEWORKS", "PRESETS", "ActivityCriterion", "AnswerCriterion", "AttributeCriterion",
    "Behaviour", "Criterion", "Framework", "FrameworkCriterion", "Group", "Policy", "ScoreCriterion",
    "StageCriterion", "load_policy", "parse_policy", "preset_text", "same_meaning",
]  # fmt: skip
