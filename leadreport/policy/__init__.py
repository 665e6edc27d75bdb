"""The definitions that marketing and sales signed: `policy.toml`, validated and versioned by its content."""

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
from leadreport.policy.frameworks import CRITERIA, FRAMEWORKS, Framework
from leadreport.policy.load import load_policy, parse_policy
from leadreport.policy.model import Policy
from leadreport.policy.presets import PRESETS, preset_text

__all__ = [
    "CRITERIA",
    "FRAMEWORKS",
    "PRESETS",
    "ActivityCriterion",
    "AnswerCriterion",
    "AttributeCriterion",
    "Behaviour",
    "Criterion",
    "Framework",
    "FrameworkCriterion",
    "Group",
    "Policy",
    "ScoreCriterion",
    "StageCriterion",
    "load_policy",
    "parse_policy",
    "preset_text",
]
