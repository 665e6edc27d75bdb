"""Close rates become points, points become scores with reasons."""

from leadreport.scoring.card import Scorecard
from leadreport.scoring.fit import fit_scorecard
from leadreport.scoring.maturity import mature_leads
from leadreport.scoring.score import score_leads

__all__ = ["Scorecard", "fit_scorecard", "mature_leads", "score_leads"]
