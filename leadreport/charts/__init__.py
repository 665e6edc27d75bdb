"""Charts: one look, drawn from finished frames, with their words and their data.

A chart function takes a metric's frame and only draws: no sums, no groups. Its title is the question or the finding,
its description says in words what is to be seen, and only the columns it needs are embedded. Importing this room makes
its renderer and theme the ones that altair uses.
"""

from leadreport.charts.bars import bridge_chart, reasons_chart, rejected_chart
from leadreport.charts.cohorts import cohort_chart, heatmap_chart
from leadreport.charts.cost import cost_chart, value_chart
from leadreport.charts.funnel import funnel_chart, mix_chart, time_in_stage_chart, weekly_chart
from leadreport.charts.handoff import acceptance_chart, consistency_chart, speed_chart, touch_curve_chart
from leadreport.charts.output import enable
from leadreport.charts.scoring import calibration_chart, lift_chart, points_chart, threshold_chart

enable()

__all__ = [
    "acceptance_chart", "bridge_chart", "calibration_chart", "cohort_chart", "consistency_chart",
    "cost_chart", "enable", "funnel_chart", "heatmap_chart", "lift_chart", "mix_chart", "points_chart", "reasons_chart",
    "rejected_chart", "speed_chart", "threshold_chart", "time_in_stage_chart", "touch_curve_chart", "value_chart",
    "weekly_chart",
]  # fmt: skip
