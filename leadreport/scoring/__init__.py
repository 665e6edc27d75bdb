"""Close rates become points, points become scores with reasons."""

from leadreport.scoring.anchor import reanchor
from leadreport.scoring.card import Scorecard
from leadreport.scoring.fit import fit_scorecard
from leadreport.scoring.maturity import mature_leads
from leadreport.scoring.read import parse_scorecard
from leadreport.scoring.score import score_leads
from leadreport.scoring.store import scorecard_text

__all__ = ["Scorecard", "fit_scorecard", "mature_leads", "parse_scorecard", "reanchor", "score_leads", "scorecard_text"]
