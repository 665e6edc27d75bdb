"""How fast the number of qualified leads grows."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.clock import local_date
from leadreport.facts import reached_at
from leadreport.funnel.calendar import last_day
from leadreport.policy import Policy
from leadreport.rates import rate


def lead_velocity(
    facts: pl.DataFrame,
    *,
    stage: str = "mql",
    as_of: datetime,
    policy: Policy,
    window_days: int = 28,
    windows: int = 6,
) -> pl.DataFrame:
    """The lead velocity rate: by which share the leads that entered a stage grew from one window to the next.

    Windows of equal length, the last one ending with what is visible; months would compare 28 days with 31. One row per
    window, the latest last: window_on, window_ends_on, leads, previous, velocity_rate, is_partial (the history begins
    within the window or the one before; then there is no rate).

    Examples
    --------
    >>> from datetime import UTC
    >>> from leadreport.policy import parse_policy, preset_text
    >>> days = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 29, 30)]
    >>> facts = pl.DataFrame({"created_at": [days[0]] * 3, "mql_at": days})
    >>> rules = {"policy": parse_policy(preset_text("startup")), "as_of": datetime(2026, 2, 25, 23, tzinfo=UTC)}
    >>> lead_velocity(facts, windows=1, **rules).select("leads", "previous", "velocity_rate").row(0)
    (2, 1, 1.0)
    """
    zone = policy.company.time_zone
    end = last_day(as_of, zone=zone) + timedelta(days=1)
    ends = [end - timedelta(days=window_days * i) for i in reversed(range(windows + 1))]
    entered = facts.select(on=local_date(reached_at(stage), zone=zone)).drop_nulls()
    first_on = facts.select(local_date(pl.col("created_at").min(), zone=zone)).item()
    rows = pl.DataFrame({"window_ends_on": ends}, schema={"window_ends_on": pl.Date}).with_columns(
        window_on=pl.col("window_ends_on") - timedelta(days=window_days)
    )
    counts = [entered.filter(pl.col("on").is_between(*row, closed="left")).height for row in span(rows)]
    rows = rows.with_columns(leads=pl.Series(counts, dtype=pl.Int64)).with_columns(previous=pl.col("leads").shift(1))
    is_partial = (pl.col("window_on") - timedelta(days=window_days) < pl.lit(first_on, dtype=pl.Date)).fill_null(True)
    growth = rate(pl.col("leads") - pl.col("previous"), "previous")
    return rows.tail(windows).select(
        *("window_on", "window_ends_on", "leads", "previous"),
        velocity_rate=pl.when(~is_partial).then(growth),
        is_partial=is_partial,
    )


def span(rows: pl.DataFrame) -> list[tuple]:
    return rows.select("window_on", "window_ends_on").rows()
