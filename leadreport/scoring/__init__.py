"""Close rates become points, points become scores with reasons.

To follow how a number comes about, read in this order: `values` and `bins` (a column becomes a few values), `closing`
(what each value earns), `weights` and `pairs` (what keeps attributes from counting twice), `fit` (all of it together),
`card`, `totals`, `score`, `reasons`. Whether to believe it: `backtest` with `measures` and `yardstick`, `leaks`,
`drift`.
"""

from leadreport.scoring.agreed import audited_attributes, policy_scorecard, recent_leads, teaching_leads
from leadreport.scoring.anchor import reanchor
from leadreport.scoring.backtest import Backtest, backtest
from leadreport.scoring.by_hand import points_of
from leadreport.scoring.card import Scorecard
from leadreport.scoring.drift import psi, refit_note, stability, stability_over
from leadreport.scoring.fit import fit_scorecard
from leadreport.scoring.hindsight import split_by_time, with_hindsight
from leadreport.scoring.leaks import leakage_audit
from leadreport.scoring.loop import closed_loop
from leadreport.scoring.maturity import mature_leads
from leadreport.scoring.origins import close_rates
from leadreport.scoring.read import parse_scorecard
from leadreport.scoring.score import score_leads
from leadreport.scoring.store import scorecard_text
from leadreport.scoring.thresholds import threshold_table

__all__ = [
    "Backtest",
    "Scorecard",
    "audited_attributes",
    "backtest",
    "close_rates",
    "closed_loop",
    "fit_scorecard",
    "leakage_audit",
    "mature_leads",
    "parse_scorecard",
    "points_of",
    "policy_scorecard",
    "psi",
    "reanchor",
    "recent_leads",
    "refit_note",
    "score_leads",
    "scorecard_text",
    "split_by_time",
    "stability",
    "stability_over",
    "teaching_leads",
    "threshold_table",
    "with_hindsight",
]
