"""The words for a change, and what a difference needs before it is called one."""

UP, DOWN = "up", "down"
NORMAL_VARIATION = "normal variation"
TOO_FEW = "too few to say"
PARTIAL = "partial"
NOT_KNOWN = "not known"

VERDICTS: tuple[str, ...] = (UP, DOWN, NORMAL_VARIATION, TOO_FEW, PARTIAL, NOT_KNOWN)
"""Every verdict on a change; a page uses no other word."""

RISING, FALLING, STEADY = "rising", "falling", "steady"

TRENDS: tuple[str, ...] = (RISING, FALLING, STEADY, TOO_FEW)
"""Every verdict on a slow drift."""

WORTH_IT, ABOVE_VALUE, TOO_CLOSE = "worth it", "costs more than it is worth", "too close to call"

COST_VERDICTS: tuple[str, ...] = (WORTH_IT, ABOVE_VALUE, TOO_CLOSE, TOO_FEW)
"""Every verdict on what a lead costs against what it is worth."""

MET, MISSED, OPEN = "met", "missed", "open"
"""Where a number stands against its signed target; open: the interval holds the target."""

BETTER, WORSE = "better", "worse"
"""Every judgement of a change; none where it is neither, or where the quality of what came fell."""

FALSE_ALARM_RATE = 0.01
"""The promise behind every verdict: when nothing has changed, one headline in a hundred says that something has."""

LEAST_COUNT = 10
"""With fewer leads, MQLs or SQLs on either side, a difference is not reported."""

LEAST_PERIODS = 8
"""With fewer earlier periods, a change cannot be told from normal variation."""
