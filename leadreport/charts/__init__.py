"""Charts: one look, drawn from finished frames, with their words and their data.

A chart function takes a metric's frame and only draws: no sums, no groups. Its title says the question or the finding,
its description says in words what is seen, and only the columns it needs are embedded. Importing this room makes its
renderer and theme the ones that altair uses.
"""

from leadreport.charts.backtest import calibration_chart, lift_chart
from leadreport.charts.bridge import bridge_chart, reasons_chart
from leadreport.charts.check import rejected_chart
from leadreport.charts.cohorts import cohort_chart, heatmap_chart
from leadreport.charts.consistency import consistency_chart
from leadreport.charts.cost import cost_chart, value_chart
from leadreport.charts.funnel import funnel_chart, mix_chart, time_in_stage_chart
from leadreport.charts.handoff import acceptance_chart, speed_chart, touch_curve_chart
from leadreport.charts.renderer import enable
from leadreport.charts.scoring import points_chart
from leadreport.charts.thresholds import threshold_chart
from leadreport.charts.weekly import weekly_chart

enable()

__all__ = [
    "acceptance_chart", "bridge_chart", "calibration_chart", "cohort_chart", "consistency_chart",
    "cost_chart", "enable", "funnel_chart", "heatmap_chart", "lift_chart", "mix_chart", "points_chart", "reasons_chart",
    "rejected_chart", "speed_chart", "threshold_chart", "time_in_stage_chart", "touch_curve_chart", "value_chart",
    "weekly_chart",
]  # fmt: skip
