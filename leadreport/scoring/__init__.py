"""Close rates become points, points become scores with reasons.

Why does a lead have its score? `score` adds up the points of its values, `close_rates` says what a value earns, `fit`
and `weights` keep attributes from counting twice, `values` cuts numbers into bins. docs/scorecard.md adds up one lead.
`policy_card` is the card of a workspace. Whether to believe it: `backtest` with `measures`, `leaks`, `drift`.
"""

from leadreport.scoring.backtest import (
    Backtest,
    backtest,
    naive_bayes,
    policy_backtest,
    split_by_time,
    unseen_leads,
    with_later_outcome,
)
from leadreport.scoring.card import Scorecard
from leadreport.scoring.card_file import parse_scorecard, scorecard_text
from leadreport.scoring.close_rates import close_rates
from leadreport.scoring.closed_loop import closed_loop, real_differences
from leadreport.scoring.drift import psi, recalibrate, refit_note, stability
from leadreport.scoring.fit import fit_scorecard
from leadreport.scoring.leaks import leakage_audit, leaks_note
from leadreport.scoring.measures import policy_thresholds, threshold_table
from leadreport.scoring.policy_card import (
    audited_attributes,
    can_be_scored,
    expected_customers,
    high_scores_note,
    mature_leads,
    newest_leads,
    open_leads_by_score,
    policy_scorecard,
    recent_leads,
    scorecard,
    scored_leads,
    training_leads,
)
from leadreport.scoring.score import points_of, score_leads

__all__ = [
    "Backtest", "Scorecard", "audited_attributes", "backtest", "can_be_scored", "close_rates", "closed_loop",
    "expected_customers", "fit_scorecard", "high_scores_note", "leakage_audit", "leaks_note", "mature_leads",
    "naive_bayes", "newest_leads", "open_leads_by_score", "parse_scorecard", "points_of", "policy_backtest",
    "policy_scorecard", "policy_thresholds", "psi", "real_differences", "recalibrate", "recent_leads", "refit_note",
    "score_leads", "scorecard", "scorecard_text", "scored_leads", "split_by_time", "stability", "threshold_table",
    "training_leads", "unseen_leads", "with_later_outcome",
]  # fmt: skip
